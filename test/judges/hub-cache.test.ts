/** The hub's cache between Veduta and Python's huggingface_hub of today: each finds what the other has pulled, from a hub on this machine. */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { pulledFolder } from "#kernel-lib/hub/installed.js";
import { verifyModel } from "#kernel-lib/hub/verify.js";
import { scratchFolder } from "../fixtures/checkpoint-folder.js";
import { MODEL, pull, repository, settingsIn } from "../hub/fixtures.js";
import { COMMIT, type Hub, sha256, startHub } from "../hub/server.js";
import { judge, missing } from "./judges.js";

interface Found {
  readonly paths: Readonly<Record<string, string>>;
  readonly hashes: Readonly<Record<string, string>>;
  readonly known: readonly boolean[];
  readonly warnings: readonly string[];
  readonly revisions: Readonly<Record<string, { readonly refs: readonly string[]; readonly files: Readonly<Record<string, number>> }>>;
}

const FILES = MODEL.files.map(({ path }) => path);
const content = repository();
const hashes = Object.fromEntries(FILES.map((path) => [path, sha256(content[path])]));
const revisions = { [COMMIT]: { refs: ["main"], files: Object.fromEntries(FILES.map((path) => [path, content[path].length])) } };

describe.skipIf(missing)(`the hub's cache${missing}`, () => {
  let scratch: ReturnType<typeof scratchFolder>;
  let hub: Hub;
  beforeEach(async () => {
    scratch = scratchFolder();
    hub = await startHub({ files: repository() });
  });
  afterEach(async () => {
    await hub.close();
    scratch.remove();
  });
  const ask = async (...args: string[]): Promise<Found> =>
    JSON.parse(await judge("hub_cache.py", args, { HF_HUB_OFFLINE: args[0] === "pull" ? "0" : "1" }));

  test("huggingface_hub finds what Veduta pulled, and has no complaint about it", async () => {
    const { folder } = await pull(settingsIn(scratch.path, hub));
    const asked = hub.seen.length;
    const found = await ask("read", join(scratch.path, "hf/hub"), MODEL.id, ...FILES);
    expect(found).toEqual({
      paths: Object.fromEntries(FILES.map((path) => [path, join(folder, path)])),
      hashes,
      known: FILES.map(() => true),
      warnings: [],
      revisions,
    });
    expect(hub.seen).toHaveLength(asked);
  });

  test("Veduta finds what huggingface_hub pulled, verifies it, and asks no server", async () => {
    const found = await ask("pull", join(scratch.path, "hf/hub"), MODEL.id, ...FILES, `@${hub.url}`);
    expect(found).toMatchObject({ hashes, revisions });
    const offline = settingsIn(scratch.path, undefined, { HF_HUB_OFFLINE: "1" });
    const folder = pulledFolder(MODEL, offline);
    for (const path of FILES) expect(realpathSync(join(folder, path))).toBe(realpathSync(found.paths[path]));
    expect((await pull(offline)).here).toEqual(FILES.map((path) => `${path} kept`));
    const states: string[] = [];
    for await (const { state } of verifyModel(MODEL, offline)) states.push(state);
    expect(states).toEqual(FILES.map(() => "same"));
  });

  test("what one began the other completes", async () => {
    const [first, ...rest] = FILES;
    await ask("pull", join(scratch.path, "hf/hub"), MODEL.id, first, `@${hub.url}`);
    expect((await pull(settingsIn(scratch.path, hub))).here).toEqual([`${first} kept`, ...rest.map((path) => `${path} downloaded`)]);
    expect(await ask("read", join(scratch.path, "hf/hub"), MODEL.id, ...FILES)).toMatchObject({ hashes, revisions, warnings: [] });
  });
});
