/** @file `node scripts/notices.mjs` writes THIRD_PARTY_NOTICES: the packages that the built pages embed, with their licences. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The entries of the scripts that pages contain. */
export const ENTRIES = ["viewer/src/mount.ts", "viewer/src/plots/main.ts"];

/** The packages whose files reach a page's script, by their folders in node_modules. @returns {Promise<string[]>} */
export async function embeddedPackages() {
  const { metafile } = await build({
    entryPoints: ENTRIES.map((entry) => join(ROOT, entry)),
    absWorkingDir: ROOT,
    outdir: "unused",
    bundle: true,
    write: false,
    metafile: true,
    logLevel: "silent",
    tsconfig: join(ROOT, "viewer/tsconfig.json"),
  });
  const embedded = Object.values(metafile.outputs).flatMap(({ inputs }) =>
    Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  const names = embedded.flatMap(([file]) => file.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** @returns {Promise<string>} the file's text */
export async function notices() {
  const packages = await embeddedPackages();
  const heading = "The pages that Veduta writes (report.html and the viewer's) embed parts of these packages, under their licences.\n";
  return [heading, ...packages.map(notice)].join("\n");
}

/** @param {string} name */
function notice(name) {
  const folder = join(ROOT, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e(\.\w+)?$/i.test(entry));
  if (!file || !existsSync(join(folder, file))) throw new Error(`${name} ships no licence file; add its text by hand`);
  const title = `${name} ${version} (${license})`;
  return `${title}\n${"-".repeat(title.length)}\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(ROOT, "THIRD_PARTY_NOTICES"), await notices());
