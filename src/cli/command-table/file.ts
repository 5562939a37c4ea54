import type { ArgsDef } from "citty";

/** The pm.yaml as an argument. */
export const file = {
  file: {
    type: "positional",
    required: false,
    description: "The configuration (default: pm.yaml, then pm.yml, in this directory)",
  },
} as const satisfies ArgsDef;
