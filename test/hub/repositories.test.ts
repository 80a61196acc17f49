/** Any repository of the hub: what is pulled, what is refused and why, what lies in the cache. */
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cachedFolder, cachedRepositories, placeInSnapshot } from "#kernel-lib/hub/cached-repositories.js";
import { chooseFiles } from "#kernel-lib/hub/choose-files.js";
import { readPins } from "#kernel-lib/hub/pins.js";
import { type PullRepositoryOptions, pullRepository, type RepositoryPlan } from "#kernel-lib/hub/pull-repository.js";
import { type RepositoryName, repositoryName } from "#kernel-lib/hub/repository-name.js";
import type { HubSettings } from "#kernel-lib/hub/settings.js";
import { put, refusal, scratchFolder } from "../fixtures/checkpoint-folder.js";
import { noise, settingsIn } from "./fixtures.js";
import { COMMIT, type Hub, type Misbehave, startHub } from "./server.js";

const FILES: Record<string, Uint8Array> = {
  "README.md": Buffer.from("---\nlicense: mit\n---\n# Mine\n"),
  "model_index.json": Buffer.from("{}"),
  "feature_extractor/preprocessor_config.json": Buffer.from("{}"),
  "safety_checker/model.safetensors": noise(500, 1),
  "scheduler/scheduler_config.json": Buffer.from("{}"),
  "text_encoder/config.json": Buffer.from("{}"),
  "text_encoder/model.safetensors": noise(500, 2),
  "tokenizer/merges.txt": Buffer.from(""),
  "tokenizer/vocab.json": Buffer.from("{}"),
  "unet/config.json": Buffer.from("{}"),
  "unet/diffusion_pytorch_model.bin": noise(500, 3),
  "unet/diffusion_pytorch_model.safetensors": noise(500, 4),
  "unet/diffusion_pytorch_model.fp16.safetensors": noise(250, 5),
  "vae/config.json": Buffer.from("{}"),
  "vae/diffusion_pytorch_model.safetensors": noise(500, 6),
};
const WANTED = Object.keys(FILES).filter((path) => !/feature|safety|\.bin$|fp16/.test(path));

let scratch: ReturnType<typeof scratchFolder>;
let hub: Hub;
beforeEach(async () => {
  scratch = scratchFolder();
  hub = await startHub({ files: { ...FILES } });
});
afterEach(async () => {
  await hub.close();
  scratch.remove();
});
const named = (word: string): RepositoryName => repositoryName(word) as RepositoryName;
const pull = (word: string, settings: HubSettings, options: PullRepositoryOptions = {}) =>
  pullRepository(named(word), { ...options, settings, http: { silence: 400, sleep: async () => {} } });
const asked = () => [...new Set(hub.seen.filter(({ path }) => path !== "api").map(({ path }) => path))];

describe("a repository's name", () => {
  test.each([
    ["me/mine", { id: "me/mine", revision: "main", pinned: "me/mine" }],
    ["me/mine-2.1@fp16", { id: "me/mine-2.1", revision: "fp16", pinned: "me/mine-2.1/fp16" }],
    ["me/mine@refs/pr/3", { id: "me/mine", revision: "refs/pr/3", pinned: "me/mine/refs/pr/3" }],
    ["mine", undefined],
    ["./me/mine", undefined],
    ["a/b/c", undefined],
    ["../x", undefined],
    ["me/mine@../x", undefined],
    ["folder/lora.safetensors", undefined],
  ])("%s is read", (word, name) => expect(repositoryName(word)).toEqual(name));
});

describe("a pull", () => {
  test("brings what is needed of a folder of diffusers, and its card; pins commit and sha256; another pull sends nothing", async () => {
    const settings = settingsIn(scratch.path, hub);
    let plan: RepositoryPlan | undefined;
    hub.options.info = { cardData: { license: "mit" }, config: { diffusers: { _class_name: "StableDiffusionPipeline" } } };
    const folder = await pull("me/mine", settings, { plan: (told) => (plan = told) });
    expect(folder).toBe(join(scratch.path, "hf/hub/models--me--mine/snapshots", COMMIT));
    expect(asked().sort()).toEqual(WANTED);
    expect(plan).toMatchObject({ info: { licence: "mit", className: "StableDiffusionPipeline", access: "public", commit: COMMIT } });
    expect(plan?.bytes).toBe(WANTED.reduce((sum, path) => sum + FILES[path].length, 0));
    expect(Object.keys(readPins(settings.ownCache)["me/mine"].files).sort()).toEqual(WANTED);
    const sent = hub.sent();
    expect(await pull("me/mine", settings)).toBe(folder);
    expect(hub.sent()).toBe(sent);
    expect(cachedFolder(named("me/mine"), settings)).toBe(folder);
    expect(await pull("me/mine", settingsIn(scratch.path, undefined, { HF_HUB_OFFLINE: "1" }))).toBe(folder);
  });

  test("stays with the commit of the first pull, and refuses other contents under it", async () => {
    const settings = settingsIn(scratch.path, hub);
    await pull("me/mine", settings);
    expect(hub.seen[0]).toMatchObject({ path: "api", revision: "main" });
    await pull("me/mine", settings, { precision: "fp16" });
    expect(hub.seen.filter(({ path }) => path === "api")[1].revision).toBe(COMMIT);
    expect(asked()).toContain("unet/diffusion_pytorch_model.fp16.safetensors");
  });

  test.each<readonly [string, string, readonly string[], readonly string[]]>([
    [
      "a ControlNet's folder",
      "fp32",
      ["config.json", "diffusion_pytorch_model.bin", "diffusion_pytorch_model.safetensors"],
      ["config.json", "diffusion_pytorch_model.safetensors"],
    ],
    ["a single file", "fp32", ["dream.safetensors", "sample.png"], ["dream.safetensors"]],
    ["safetensors before a pickle", "fp32", ["lora.safetensors", "lora.bin"], ["lora.safetensors"]],
    ["a pickle alone", "fp32", ["learned_embeds.bin"], ["learned_embeds.bin"]],
    [
      "shards with their index, in fp16",
      "fp16",
      [
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors.index.fp16.json",
        "unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors",
        "unet/diffusion_pytorch_model.fp16-00002-of-00002.safetensors",
        "unet/diffusion_pytorch_model-00001-of-00001.safetensors",
      ],
      [
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors.index.fp16.json",
        "unet/diffusion_pytorch_model.fp16-00001-of-00002.safetensors",
        "unet/diffusion_pytorch_model.fp16-00002-of-00002.safetensors",
      ],
    ],
    [
      "the only variant that is there",
      "fp32",
      ["model_index.json", "vae/config.json", "vae/diffusion_pytorch_model.fp16.safetensors"],
      ["model_index.json", "vae/config.json", "vae/diffusion_pytorch_model.fp16.safetensors"],
    ],
  ])("chooses %s", (_, precision, all, wanted) => expect(chooseFiles("me/mine", all, precision as "fp32" | "fp16")).toEqual(wanted));

  test.each<readonly [readonly string[], string | undefined, RegExp]>([
    [["a.safetensors", "b.safetensors"], undefined, /found a\.safetensors, b\.safetensors; say which: --file a\.safetensors/],
    [["sample.png"], undefined, /expected a folder of diffusers, or one file of weights, found sample\.png/],
    [
      ["model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.bin"],
      undefined,
      /weights of unet\/ in safetensors files, found config\.json, diffusion_pytorch_model\.bin/,
    ],
    [["a.safetensors"], "b.safetensors", /expected the file b\.safetensors, found a\.safetensors/],
  ])("refuses %j with what to do", (all, only, message) =>
    expect(refusal(() => chooseFiles("me/mine", all, "fp32", only)).message).toMatch(message),
  );

  test("takes one file where that is asked for", async () => {
    await pull("me/mine", settingsIn(scratch.path, hub), { file: "unet/diffusion_pytorch_model.bin" });
    expect(asked()).toEqual(["unet/diffusion_pytorch_model.bin", "README.md"]);
  });
});

describe("a repository that cannot be had", () => {
  const answer =
    (status: number, headers: Record<string, string>, when: (path: string) => boolean = () => true): Misbehave =>
    ({ path }, response) =>
      when(path) && Boolean(response.writeHead(status, headers).end());
  test.each<readonly [string, Misbehave, RegExp]>([
    [
      "is missing or private: the hub says the same of both",
      answer(401, {}),
      /found status 401; there is no such repository, or it is private: look whether .*me\/mine has that name; for a private one set HF_TOKEN/,
    ],
    ["is missing, with a code", answer(404, { "x-error-code": "RepoNotFound" }), /there is no such repository, or it is private/],
    [
      "has no such revision",
      answer(404, { "x-error-code": "RevisionNotFound" }),
      /has no such revision: .*give a branch, a tag or a commit after the @/,
    ],
    [
      "is gated",
      answer(403, { "x-error-code": "GatedRepo" }, (path) => path !== "api"),
      /is gated: accept its terms at .*me\/mine, and set HF_TOKEN/,
    ],
    [
      "is asked with a token that is none",
      answer(401, { "x-error-message": "Invalid credentials in Authorization header" }),
      /Invalid credentials in Authorization header; the server wants to know who asks/,
    ],
    [
      "has no file of that name",
      answer(404, { "x-error-code": "EntryNotFound" }, (path) => path === "vae/config.json"),
      /vae\/config\.json: .*status 404/,
    ],
  ])("%s", async (_, misbehave, message) => {
    hub.options.misbehave = misbehave;
    await expect(pull("me/mine", settingsIn(scratch.path, hub))).rejects.toThrow(message);
  });

  test.each([
    ["{"],
    ["[]"],
    [JSON.stringify({ sha: "x", siblings: [] })],
    [JSON.stringify({ sha: COMMIT, siblings: [{ rfilename: "../../x.safetensors" }] })],
  ])("%s in place of a list of files is refused", async (body) => {
    hub.options.misbehave = ({ path }, response) => path === "api" && Boolean(response.writeHead(200).end(body));
    await expect(pull("me/mine", settingsIn(scratch.path, hub))).rejects.toThrow(/expected/);
  });

  test("sends the token to the hub, and a private repository says that it is one", async () => {
    hub.options.info = { private: true };
    let access = "";
    await pull("me/mine", settingsIn(scratch.path, hub, { HF_TOKEN: "hf_mine" }), { plan: ({ info }) => (access = info.access) });
    expect(access).toBe("private");
    expect(hub.seen[0].authorization).toBe("Bearer hf_mine");
  });

  test("is not asked for offline", async () => {
    await expect(pull("me/mine", settingsIn(scratch.path, hub, { HF_HUB_OFFLINE: "1" }))).rejects.toThrow(/HF_HUB_OFFLINE forbids/);
    expect(hub.seen).toEqual([]);
  });
});

describe("the cache", () => {
  test("lists what lies in it, whoever brought it: revisions, snapshots, bytes", async () => {
    const settings = settingsIn(scratch.path, hub);
    expect(cachedRepositories(settings)).toEqual([]);
    await pull("me/mine", settings);
    const other = join(scratch.path, "hf/hub/models--you--yours");
    const commits = ["b".repeat(40), "c".repeat(40)];
    for (const commit of commits) put(join(other, "snapshots", commit, "x.safetensors"), noise(10));
    put(join(other, "refs/refs/pr/3"), commits[1]);
    put(join(other, "blobs/d"), noise(10));
    const contents = [...new Map(WANTED.map((path) => [Buffer.from(FILES[path]).toString("hex"), FILES[path]])).values()]; // equal ones are one blob
    expect(cachedRepositories(settings)).toMatchObject([
      { id: "me/mine", snapshots: [COMMIT], refs: { main: COMMIT }, bytes: contents.reduce((sum, bytes) => sum + bytes.length, 0) },
      { id: "you/yours", snapshots: commits, refs: { "refs/pr/3": commits[1] }, bytes: 10 },
    ]);
    expect(placeInSnapshot(cachedFolder(named("you/yours@refs/pr/3"), settings))).toBe(
      join(other, "snapshots", commits[1], "x.safetensors"),
    );
    expect(refusal(() => cachedFolder(named("you/yours"), settings)).message).toMatch(
      /you\/yours: .*found other revisions alone \(refs\/pr\/3\); run "veduta models pull you\/yours"/,
    );
    expect(refusal(() => cachedFolder(named("no/body@v2"), settings)).message).toMatch(
      /^no\/body@v2: .*found none of these; run "veduta models pull no\/body@v2"$/,
    );
  });
});
