import type { ReloadAnswer } from "../../protocol/control-api.ts";

type Change = ReloadAnswer["changes"][number];

/** The plan of a reload like a diff, a line for each thing that differs; `done` tells it as what has happened. */
export function reloadLines({ changes, farm_keys, needs_new_start }: ReloadAnswer): readonly string[] {
  return [
    ...changes.map(changeLine),
    ...(farm_keys.length === 0 ? [] : [`. ${farm_keys.join(", ")} changed, in place`]),
    ...(needs_new_start.length === 0
      ? []
      : [`! ${needs_new_start.join(", ")} changed: holds when pm itself is started again`]),
  ];
}

function changeLine({ consumer, kind, keys, size_before, size_after }: Change): string {
  const changed = `${keys.join(", ")} changed`;
  const resize =
    size_before !== null && size_after !== null && size_before !== size_after
      ? `size ${size_before} → ${size_after}`
      : null;
  switch (kind) {
    case "added":
      return `+ ${consumer}${size_after === null ? "" : `: size ${size_after}`}`;
    case "removed":
      return `- ${consumer}${size_before === null ? "" : `: size ${size_before}`}`;
    case "resized":
      return `~ ${consumer}: ${resize ?? changed}, nobody restarts`;
    case "adjusted":
      return `. ${consumer}: ${changed}, in place${resize === null ? "" : `; ${resize}`}`;
    case "restart":
      return `! ${consumer}: ${changed}, rolling restart${resize === null ? "" : `; ${resize}`}`;
  }
}
