/**
 * Bundles the extension and packs it, once for each browser: `node build.ts`.
 *
 * With `--granted` comes instead the copy for tests, see `manifest.ts`; `--out` names another folder than `dist`.
 */

import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";

import { build } from "esbuild";
import { zipSync, type Zippable } from "fflate";

import { manifest, type Target } from "./manifest.ts";

const HERE = import.meta.dirname;
// Each is loaded by the browser on its own: a script of a page, of a worker, or put into a site.
const SCRIPTS = ["background", "content", "popup", "options", "offscreen", "private"];
const ENTRIES: Record<string, string> = {
  background: "src/background/main.ts",
  content: "src/content/main.ts",
  popup: "src/popup/main.ts",
  options: "src/options/main.ts",
  offscreen: "src/private/offscreen.ts",
  private: "src/private/worker.ts",
};
const PAGES = ["src/popup/popup.html", "src/popup/popup.css", "src/options/options.html", "src/options/options.css", "src/pages.css", "src/private/offscreen.html"];
const RUNTIME = "node_modules/onnxruntime-web/dist/ort-wasm-simd-threaded.wasm";
// The same input gives the same archive, byte for byte.
const PACKED_AT = new Date(1980, 0, 1, 12);

async function bundle(folder: string, target: Target): Promise<void> {
  await build({
    absWorkingDir: HERE,
    entryPoints: Object.fromEntries(SCRIPTS.map((name) => [name, ENTRIES[name] ?? ""])),
    bundle: true,
    charset: "utf8",
    define: { TARGET: JSON.stringify(target) },
    format: "iife",
    legalComments: "external",
    logLevel: "warning",
    // Stores read what they are given, so names stay as they are. Blanks go, which every page would have to read, and so
    // does what only the other browser needs.
    minifySyntax: true,
    minifyWhitespace: true,
    outdir: folder,
    // The runtime of the networks would load a part of itself by a computed address, which it has in itself already.
    supported: { "dynamic-import": false },
    target: target === "chromium" ? "chrome137" : "firefox140",
    treeShaking: true,
  });
}

async function assemble(folder: string, target: Target, granted: boolean): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const { version } = JSON.parse(await readFile(join(HERE, "package.json"), "utf8")) as { version: string };
  await writeFile(join(folder, "manifest.json"), `${JSON.stringify(manifest(target, version, granted), null, 2)}\n`);
  for (const page of PAGES) {
    await cp(join(HERE, page), join(folder, page.split("/").at(-1) ?? page));
  }
  await cp(join(HERE, "_locales"), join(folder, "_locales"), { recursive: true });
  await cp(join(HERE, "icons"), join(folder, "icons"), { recursive: true, filter: (path) => !/\.(svg|py)$/.test(path) });
  await cp(join(HERE, RUNTIME), join(folder, "ort-wasm-simd-threaded.wasm"));
  await bundle(folder, target);
  return version;
}

async function pack(folder: string, archive: string): Promise<void> {
  const files: Zippable = {};
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    files[relative(folder, path)] = [await readFile(path), { mtime: PACKED_AT }];
  }
  await writeFile(archive, zipSync(files, { level: 9 }));
  console.log(relative(process.cwd(), archive));
}

const { values } = parseArgs({
  options: { granted: { type: "boolean", default: false }, out: { type: "string", default: join(HERE, "dist") } },
});
const out = resolve(values.out);
if (values.granted) {
  await assemble(join(out, "granted"), "chromium", true);
} else {
  for (const target of ["chromium", "firefox"] as const) {
    const version = await assemble(join(out, target), target, false);
    await pack(join(out, target), join(out, `rejoinder-${target}-${version}.zip`));
  }
}
