import { watchFile } from "../../runtime/file-watch.ts";
import type { FarmParts } from "./parts.ts";

/** Calls back when a file changes that the farm was made of, while `reload_on_change` holds, which a reload may switch. What is returned ends it. */
export function watchFarmFiles(
  { bus, definitions }: Pick<FarmParts, "bus" | "definitions">,
  changed: () => void,
  onTrouble: (file: string, why: string) => void,
): () => void {
  const watched = new Map<string, () => void>();
  const adjust = (): void => {
    const wanted = new Set(definitions.current.spec.reloadOnChange ? definitions.files : []);
    for (const [file, cancel] of watched) {
      if (wanted.has(file)) continue;
      cancel();
      watched.delete(file);
    }
    for (const file of wanted) {
      if (!watched.has(file))
        watched.set(
          file,
          watchFile(file, changed, (why) => onTrouble(file, why)),
        );
    }
  };
  adjust();
  const unlisten = bus.listen(({ type }) => {
    if (type === "reloaded") setImmediate(adjust); // what holds then is known when all have heard of it
  });
  return () => {
    unlisten();
    for (const cancel of watched.values()) cancel();
    watched.clear();
  };
}
