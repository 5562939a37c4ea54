/** The software bill of materials: what pm is made of, in CycloneDX 1.6. */
import type { CLibrary } from "./c-library.ts";
import type { LockedPackage } from "./lock-file.ts";
import { sha256 } from "./sums.ts";

export interface Materials {
  readonly project: LockedPackage;
  readonly packages: readonly LockedPackage[];
  /** The packages that Bun comes in, one for each target. */
  readonly runtimes: readonly LockedPackage[];
  /** Null when no archive has a packed pm. */
  readonly cLibrary: CLibrary | null;
  readonly epochSeconds: number;
}

/** The whole document as text. The same materials give the same text: its serial number is made of them. */
export function sbomOf({ project, packages, runtimes, cLibrary, epochSeconds }: Materials): string {
  // No package URL: pm is in no registry, and the name may be somebody else's there.
  const root = `${project.name}@${project.version}`;
  const all = [project, ...packages];
  const refs = new Map([...all.map((each) => [each.folder, purlOf(each)] as const), [project.folder, root]]);
  const refOf = (folder: string): string => refs.get(folder) ?? folder;
  const glibc = cLibrary === null ? [] : [glibcComponent(cLibrary)];
  const extra = [...runtimes.map(purlOf), ...glibc.map((each) => each["bom-ref"])];
  const content = {
    metadata: {
      timestamp: new Date(epochSeconds * 1000).toISOString(),
      lifecycles: [{ phase: "build" }],
      component: {
        type: "application",
        "bom-ref": root,
        name: project.name,
        version: project.version,
        licenses: licensesOf(project.license),
      },
    },
    components: [...packages.map((each) => npmComponent(each, "library")), ...runtimes.map(bunComponent), ...glibc],
    dependencies: [
      ...all.map((each) => ({
        ref: refOf(each.folder),
        dependsOn: [...each.needs.map(refOf), ...(each === project ? extra : [])],
      })),
      ...extra.map((ref) => ({ ref, dependsOn: [] })),
    ],
  };
  const document = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function npmComponent(each: LockedPackage, type: "library" | "platform"): Readonly<Record<string, unknown>> {
  const [scope, name] = each.name.startsWith("@") ? each.name.split("/") : [null, each.name];
  return {
    type,
    "bom-ref": purlOf(each),
    ...(scope === null ? {} : { group: scope }),
    name,
    version: each.version,
    scope: "required",
    hashes: hashesOf(each.integrity),
    licenses: licensesOf(each.license),
    purl: purlOf(each),
  };
}

/** Bun as one package, with the engine inside it whose licence is another. */
function bunComponent(each: LockedPackage): Readonly<Record<string, unknown>> {
  return {
    ...npmComponent(each, "platform"),
    description: "Bun, the JavaScript runtime that the programs of this platform carry",
    components: [
      {
        type: "library",
        "bom-ref": `${purlOf(each)}#JavaScriptCore`,
        name: "JavaScriptCore",
        description: "The part of WebKit that Bun links statically, as patched by Bun",
        licenses: [{ license: { name: "LGPL-2" } }],
      },
    ],
  };
}

function glibcComponent({ version, build, files }: CLibrary) {
  const purl =
    build === null
      ? `pkg:generic/glibc@${version}`
      : `pkg:deb/${build.distribution}/glibc@${encodeURIComponent(build.version)}?arch=source`;
  return {
    type: "library",
    "bom-ref": purl,
    name: "glibc",
    version: build?.version ?? version,
    description: "The GNU C Library, packed into the program pm of linux-x64; not into pm-plain",
    scope: "required",
    licenses: licensesOf("LGPL-2.1-or-later"),
    cpe: `cpe:2.3:a:gnu:glibc:${version}:*:*:*:*:*:*:*`,
    purl,
    components: files.map((file) => ({
      type: "file",
      "bom-ref": `${purl}#${file.name}`,
      name: file.name,
      hashes: [{ alg: "SHA-256", content: file.sha256 }],
    })),
  } as const;
}

function purlOf({ name, version }: LockedPackage): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function licensesOf(license: string): readonly Readonly<Record<string, unknown>>[] {
  return /\s/u.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

/** npm's integrity, of the package's archive, in the words of CycloneDX. */
function hashesOf(integrity: string): readonly { readonly alg: string; readonly content: string }[] {
  return integrity.split(/\s+/u).flatMap((each) => {
    const [, bits, base64] = /^sha(256|384|512)-(\S+)$/u.exec(each) ?? [];
    if (bits === undefined || base64 === undefined) return [];
    return [{ alg: `SHA-${bits}`, content: Buffer.from(base64, "base64").toString("hex") }];
  });
}

/** A UUID of version 8, the one for own schemes: of the first bits of the text's SHA-256. */
function uuidOf(text: string): string {
  const hex = sha256(text);
  const variant = "89ab"[Number.parseInt(hex.charAt(16), 16) % 4] ?? "8";
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
