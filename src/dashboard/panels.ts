import { messages } from "./message-panels.ts";
import { output, ownUsage } from "./output-panels.ts";
import { overview } from "./overview-panels.ts";
import type { Row } from "./panel.ts";
import { scaling } from "./scaling-panels.ts";
import { tasks } from "./task-panels.ts";
import { workers } from "./worker-panels.ts";

/** All rows of the dashboard, from the top. */
export const rows: readonly Row[] = [overview, messages, tasks, workers, scaling, output, ownUsage];
