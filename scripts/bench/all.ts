/**
 * All that the README says of speed, on the compiled binary, beside the peers that are found: tables with ratios, plots, JSON.
 *
 *     bun scripts/bench/all.ts --help
 *
 * Needs dist/pm (or PM_BINARY) and a C compiler for the reference and the worker of all measures (reference/). Managers take turns,
 * forwards and backwards; tables show medians of all runs. Read ratios, not absolute figures. Peers are looked up on PATH.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { becomeSubreaper } from "../../src/system/libc.ts";
import { lawPlots, lawTable, withoutLaws } from "./laws.ts";
import { allManagers, reference, subject, type Manager } from "./managers.ts";
import type { Measure } from "./measure.ts";
import { chooseMeasures, measures } from "./measures.ts";
import { readOptions, usage, type Options } from "./options.ts";
import { renderSvg } from "./plot.ts";
import { compileReference } from "./reference-programs.ts";
import { readReport, type Report } from "./report.ts";
import { endAll, type Place } from "./run.ts";
import { finiteOnly, interleaved } from "./statistics.ts";
import { findingTable, summaryTable, type Finding, type Outcome } from "./table.ts";

const pm = process.env["PM_BINARY"] ?? join(import.meta.dir, "..", "..", "dist", "pm");

function fail(line: string): never {
  console.error(line);
  process.exit(1);
}

async function outcomeOf(measure: Measure, place: Place, manager: Manager, options: Options): Promise<Outcome> {
  try {
    return { figures: finiteOnly(await measure.run(place, manager, { factor: options.long ? 4 : 1 })) };
  } catch (problem) {
    return { failure: problem instanceof Error ? problem.message : String(problem) };
  }
}

async function find(measure: Measure, place: Place, managers: readonly Manager[], options: Options): Promise<Finding> {
  const { name, title, columns } = measure;
  const taking = managers.filter((manager) => measure.takes(manager));
  const rows = taking.map((manager) => ({ manager: manager.name, outcomes: new Array<Outcome>() }));
  const repetitions = name.startsWith("scaling-law") && !options.long ? 1 : options.repetitions;
  for (const row of interleaved(rows, repetitions)) {
    const manager = taking.find((each) => each.name === row.manager);
    if (manager !== undefined) row.outcomes.push(await outcomeOf(measure, place, manager, options));
  }
  return { measure: name, title, columns, rows };
}

/** The tables of an earlier run, all of them or those of the README. */
function show(file: string, isOverview: boolean): void {
  if (!existsSync(file)) fail(`${file}: not there`);
  const report = readReport(readFileSync(file, "utf8"));
  if (typeof report === "string") fail(`${file}: ${report}`);
  if (!isOverview)
    for (const finding of withoutLaws(report.findings))
      console.log(`\n### ${finding.title}\n\n${findingTable(finding, reference)}`);
  printOverview(report.findings);
}

function printOverview(findings: readonly Finding[]): void {
  const shown = withoutLaws(findings);
  if (shown.length > 0) console.log(`\n### In one table\n\n${summaryTable(shown, subject, reference)}`);
  if (shown.length === findings.length) return;
  for (const manager of [subject, reference])
    console.log(`\n### From 1 to 2,000 workers: ${manager}\n\n${lawTable(findings, manager)}`);
}

async function measureAll(options: Options, chosen: readonly Measure[], folder: string): Promise<Report> {
  const programs = compileReference(folder);
  if (typeof programs === "string") fail(programs);
  const known = allManagers(pm, programs);
  const unknown = options.managers.find((name) => !known.some((manager) => manager.name === name));
  if (unknown !== undefined)
    fail(`no manager is called "${unknown}"; they are ${known.map(({ name }) => name).join(", ")}`);
  const wanted = known.filter(({ name }) => options.managers.length === 0 || options.managers.includes(name));
  const managers = wanted.filter(({ program }) => program !== null);
  const [processor] = cpus();
  const head = {
    pm: Bun.spawnSync([pm, "--version"]).stdout.toString().trim(),
    machine: `${cpus().length} × ${processor?.model ?? "?"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${release()}`,
    repetitions: options.repetitions,
    long: options.long,
    managers: known.map(({ name, note, program }) => ({ name, note, found: program !== null })),
  };
  console.log(`${head.pm}; ${head.machine}; medians of ${head.repetitions}, ratios to the ${reference}`);
  for (const { name, note } of managers) console.log(`- ${name}: ${note}`);
  const missing = head.managers.filter(({ found }) => !found).map(({ name }) => name);
  if (missing.length > 0) console.log(`- not found here, so not measured: ${missing.join(", ")}`);
  const findings: Finding[] = [];
  if (options.list) for (const { name, title } of measures) console.log(`${name.padEnd(24)}${title}`);
  for (const measure of options.list ? [] : chosen) {
    const finding = await find(measure, { folder, programs }, managers, options);
    findings.push(finding);
    if (options.json !== null) writeFileSync(options.json, `${JSON.stringify({ ...head, findings }, null, 1)}\n`);
    console.log(`\n### ${finding.title}\n\n${findingTable(finding, reference)}`);
  }
  return { ...head, findings };
}

async function main(): Promise<void> {
  if (process.argv.includes("--help")) return console.log(usage);
  const options = readOptions(process.argv.slice(2));
  if (typeof options === "string") fail(`${options}\n\n${usage}`);
  const chosen = chooseMeasures(options.measures);
  if (typeof chosen === "string") fail(chosen);
  const shown = options.show ?? options.overview;
  if (shown !== null) return show(shown, options.show === null);
  if (!existsSync(pm)) fail(`${pm}: not there; build it with \`bun scripts/build.ts\`, or name another in PM_BINARY`);
  becomeSubreaper(); // so that daemons, and workers of a manager that has gone, are found too
  const folder = mkdtempSync(join(tmpdir(), "pm-bench-"));
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      endAll();
      rmSync(folder, { recursive: true, force: true });
      process.exit(130);
    });
  }
  try {
    const report = await measureAll(options, chosen, folder);
    printOverview(report.findings);
    if (options.plots !== null) {
      mkdirSync(options.plots, { recursive: true });
      for (const { name, plot } of lawPlots(report.findings))
        writeFileSync(join(options.plots, `${name}.svg`), renderSvg(plot));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
