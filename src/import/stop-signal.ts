import type { ConsumerDraft } from "./draft.ts";
import type { IniEntry } from "./ini.ts";

/** The signal that asked a process to stop, with or without SIG. KILL asks nobody. */
export function takeStopSignal(entry: IniEntry, consumer: ConsumerDraft): void {
  const name = entry.value.toUpperCase().replace(/^SIG/u, "");
  if (name !== "KILL") consumer.set("stop_signal", name);
  else {
    const text = "KILL gave workers no chance to finish; pm asks with TERM first and kills after stop_timeout";
    consumer.lose(entry, entry.key, text);
  }
}
