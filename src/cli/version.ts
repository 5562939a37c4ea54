declare const PM_VERSION: string | undefined;

/** The version of this pm: put in by the build; a source tree has none. */
export const version = typeof PM_VERSION === "string" ? PM_VERSION : "0.0.0-source";
