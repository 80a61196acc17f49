import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hubCache } from "#kernel-lib/hub/hub-cache.js";
import { installed, pulledFolder } from "#kernel-lib/hub/installed.js";
import { readManifest } from "#kernel-lib/hub/manifest.js";
import { inside, plainPath } from "#kernel-lib/hub/paths.js";
import { pin, readPins } from "#kernel-lib/hub/pins.js";
import { hubSettings, hubToken } from "#kernel-lib/hub/settings.js";
import { verifyModel } from "#kernel-lib/hub/verify.js";
import { put, putJson, refusal, scratchFolder } from "../fixtures/checkpoint-folder.js";
import { MODEL, noise, pull, repository, settingsIn } from "./fixtures.js";
import { COMMIT, gitSha1, type Hub, sha256, startHub } from "./server.js";

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
const repo = () => join(scratch.path, "hf/hub/models--org--name");
const snapshot = (path: string) => join(repo(), "snapshots", COMMIT, path);
const states = async (settings: ReturnType<typeof settingsIn>) => {
  const found: string[] = [];
  for await (const { path, state } of verifyModel(MODEL, settings)) found.push(`${path} ${state}`);
  return found;
};
const WEIGHTS = "unet/weights.safetensors";

describe("a pull", () => {
  test("lays the files out as Python's huggingface_hub does: blobs by etag, a ref, links in a snapshot", async () => {
    const { folder, here } = await pull(settingsIn(scratch.path, hub));
    expect(folder).toBe(join(repo(), "snapshots", COMMIT));
    expect(here).toEqual(["model_index.json downloaded", `${WEIGHTS} downloaded`]);
    const files = repository();
    const blobs = [gitSha1(files["model_index.json"]), sha256(files[WEIGHTS])];
    expect(readdirSync(join(repo(), "blobs")).sort()).toEqual([...blobs].sort());
    expect(readFileSync(join(repo(), "refs/main"), "utf8")).toBe(COMMIT);
    expect(readlinkSync(snapshot("model_index.json"))).toBe(join("../../blobs", blobs[0]));
    expect(readlinkSync(snapshot(WEIGHTS))).toBe(join("../../../blobs", blobs[1]));
    for (const path of ["model_index.json", WEIGHTS]) expect(readFileSync(snapshot(path)).equals(files[path]), path).toBe(true);
  });

  test("fetches only what is needed, of one commit; fp16 where that is asked for", async () => {
    await pull(settingsIn(scratch.path, hub), { precision: "fp16" });
    expect([...new Set(hub.seen.map(({ path }) => path))]).toEqual(["model_index.json", "unet/weights.fp16.safetensors"]);
    expect(hub.seen.filter(({ at }) => at === "hub").map(({ revision }) => revision)).toEqual(["main", "main", COMMIT, COMMIT]);
    expect(installed(MODEL, settingsIn(scratch.path, hub)).complete).toBe(true);
  });

  test("records every file's sha256; another pull compares them and asks no server", async () => {
    const settings = settingsIn(scratch.path, hub);
    await pull(settings);
    const files = repository();
    expect(readPins(settings.ownCache)).toEqual({
      "a-model": {
        id: "org/name",
        commit: COMMIT,
        files: { "model_index.json": sha256(files["model_index.json"]), [WEIGHTS]: sha256(files[WEIGHTS]) },
      },
    });
    const asked = hub.seen.length;
    expect((await pull(settings)).here).toEqual(["model_index.json kept", `${WEIGHTS} kept`]);
    expect(hub.seen).toHaveLength(asked);
    expect(await states(settings)).toEqual(["model_index.json same", `${WEIGHTS} same`]);
  });

  test("finds what Python's tools pulled, without a network, and verifies it against the names in their cache", async () => {
    const files = repository();
    const etags = { "model_index.json": gitSha1(files["model_index.json"]), [WEIGHTS]: sha256(files[WEIGHTS]) };
    put(join(repo(), "refs/main"), COMMIT);
    for (const [path, etag] of Object.entries(etags)) {
      put(join(repo(), "blobs", etag), files[path]);
      mkdirSync(dirname(snapshot(path)), { recursive: true });
      symlinkSync(join(repo(), "blobs", etag), snapshot(path));
    }
    const offline = settingsIn(scratch.path, undefined, { HF_HUB_OFFLINE: "1" });
    expect(pulledFolder(MODEL, offline)).toBe(join(repo(), "snapshots", COMMIT));
    expect((await pull(offline)).here).toEqual(["model_index.json kept", `${WEIGHTS} kept`]);
    expect(Object.keys(readPins(offline.ownCache)["a-model"].files)).toHaveLength(2);
  });

  test("copies where the system makes no links", () => {
    const cache = hubCache(join(scratch.path, "hf/hub"), "org/name", {
      symlink: () => {
        throw Object.assign(new Error("no"), { code: "EPERM" });
      },
    });
    const blob = put(cache.blob("b".repeat(64)), noise(100));
    cache.place(COMMIT, "unet/x.json", blob);
    expect(lstatSync(snapshot("unet/x.json")).isSymbolicLink()).toBe(false);
    expect(readFileSync(snapshot("unet/x.json")).equals(noise(100))).toBe(true);
    expect(readdirSync(dirname(snapshot("unet/x.json")))).toEqual(["x.json"]);
  });

  test("offline says which file is not there, and that no network is allowed", async () => {
    await expect(pull(settingsIn(scratch.path, hub, { HF_HUB_OFFLINE: "1" }))).rejects.toThrow(
      /model_index\.json: .*HF_HUB_OFFLINE forbids/,
    );
    expect(hub.seen).toEqual([]);
  });

  test("a model that is not here, or only in part, is refused with the command that pulls it", async () => {
    const settings = settingsIn(scratch.path, hub);
    expect(refusal(() => pulledFolder(MODEL, settings)).message).toMatch(
      /^a-model: .* found no such folder; run "veduta models pull a-model"$/,
    );
    await pull(settings);
    rmSync(snapshot(WEIGHTS));
    expect(refusal(() => pulledFolder(MODEL, settings)).message).toMatch(/found only some of them/);
    expect(await states(settings)).toEqual(["model_index.json same", `${WEIGHTS} missing`]);
    const sent = hub.sent();
    expect((await pull(settings)).here).toEqual(["model_index.json kept", `${WEIGHTS} kept`]);
    expect(hub.sent()).toBe(sent);
  });
});

describe("what was trusted at first stays so", () => {
  test("a file that changed on the disk is named, with what it was, what it is, and what to do", async () => {
    const settings = settingsIn(scratch.path, hub);
    await pull(settings);
    const blob = join(repo(), "blobs", sha256(repository()[WEIGHTS]));
    writeFileSync(blob, noise(300_000, 9));
    const message = new RegExp(
      `^${blob}: expected sha256 ${sha256(repository()[WEIGHTS])}, .* found sha256 ${sha256(noise(300_000, 9))}; delete it and run .*veduta-lock.json$`,
    );
    await expect(pull(settings)).rejects.toThrow(message);
    expect(await states(settings)).toEqual(["model_index.json same", `${WEIGHTS} different`]);
    rmSync(blob);
    await pull(settings);
    expect(await states(settings)).toEqual(["model_index.json same", `${WEIGHTS} same`]);
  });

  test("the lock file outlives the cache: other content under the same name is refused before it is downloaded", async () => {
    const settings = settingsIn(scratch.path, hub);
    await pull(settings);
    rmSync(repo(), { recursive: true });
    hub.options.files[WEIGHTS] = noise(300_000, 9);
    const sent = hub.sent();
    await expect(pull(settings)).rejects.toThrow(/it has changed where it is published.*remove "a-model" from .*veduta-lock\.json/);
    expect(hub.sent() - sent).toBe(repository()["model_index.json"].length);
  });

  test("a small file that changed is refused too, though its etag says nothing of its sha256", async () => {
    const settings = settingsIn(scratch.path, hub);
    await pull(settings);
    rmSync(repo(), { recursive: true });
    hub.options.files["model_index.json"] = Buffer.from('{"a": 2}');
    await expect(pull(settings)).rejects.toThrow(/sends other bytes than it should/);
    expect(existsSync(snapshot("model_index.json"))).toBe(false);
  });

  test("bytes that are not those of the hub's etag are refused on the first pull", async () => {
    hub.options.misbehave = ({ at, method }, response, bytes) => {
      if (at !== "store" || method !== "GET") return false;
      response.writeHead(200, { "content-length": bytes.length }).end(noise(bytes.length, 5));
      return true;
    };
    await expect(pull(settingsIn(scratch.path, hub))).rejects.toThrow(
      `expected sha256 ${sha256(repository()[WEIGHTS])}, found ${sha256(noise(300_000, 5))}, twice`,
    );
    expect(hub.seen.filter(({ at }) => at === "store")).toHaveLength(2);
    expect(readdirSync(join(repo(), "blobs"))).not.toContain(sha256(repository()[WEIGHTS]));
  });

  test("pins of several models recorded at once are all kept", async () => {
    const cache = join(scratch.path, "veduta");
    await Promise.all(Array.from({ length: 8 }, (_, k) => pin(cache, `model-${k}`, { files: { a: sha256(noise(k + 1)) } })));
    expect(Object.keys(readPins(cache)).sort()).toEqual(Array.from({ length: 8 }, (_, k) => `model-${k}`));
    expect(readdirSync(cache)).toEqual(["veduta-lock.json"]);
  });
});

describe("paths stay in the cache", () => {
  const EVIL = [
    "../x",
    "a/../../x",
    "/etc/passwd",
    "a//b",
    "",
    ".",
    "..",
    "a\\b",
    "..\\x",
    "C:x",
    "C:/x",
    "a\0b",
    "a/.b",
    "~/x",
    "a b",
    "x".repeat(200),
    "a/".repeat(9),
  ];
  test.each(EVIL)("%j is refused in a manifest, a lock file and an etag", (path) => {
    expect(refusal(() => plainPath("here", path)).message).toMatch(/^here: expected a relative path of plain names/);
    const [model] = JSON.parse(JSON.stringify([{ ...MODEL, licences: [], files: [{ path }] }]));
    const manifest = putJson(join(scratch.path, "manifest.json"), { models: { "a-model": model } });
    expect(() => readManifest(manifest)).toThrow(/plain names/);
    putJson(join(scratch.path, "veduta/veduta-lock.json"), { models: { "a-model": { files: { [path]: sha256(noise(1)) } } } });
    expect(() => readPins(join(scratch.path, "veduta"))).toThrow(/plain names/);
    expect(() => hubCache(scratch.path, "org/name").blob(path)).toThrow(/plain names/);
  });

  test("an etag, a commit or a size that is none is refused, and nothing is written", async () => {
    for (const headers of [
      { "x-repo-commit": COMMIT, etag: '"../../../x"', "content-length": "8" },
      { "x-repo-commit": "../../x", etag: '"abc"', "content-length": "8" },
      { "x-repo-commit": COMMIT, "content-length": "8" },
      { "x-repo-commit": COMMIT, "x-linked-etag": `"${"c".repeat(64)}"`, "x-linked-size": "-1" },
    ]) {
      hub.options.misbehave = (_, response) => Boolean(response.writeHead(200, headers).end());
      await expect(pull(settingsIn(scratch.path, hub))).rejects.toThrow(/a hub's answer|plain names/);
    }
    expect(existsSync(join(repo(), "blobs")) ? readdirSync(join(repo(), "blobs")) : []).toEqual([]);
    expect(readdirSync(scratch.path)).not.toContain("x");
  });

  test("links that lead out of the cache are refused, in reading and in writing", async () => {
    const outside = join(scratch.path, "outside");
    mkdirSync(join(outside, "blobs"), { recursive: true });
    put(join(outside, "secret.json"), "{}");
    const settings = settingsIn(scratch.path, hub);
    mkdirSync(join(repo(), ".."), { recursive: true });
    symlinkSync(outside, repo());
    await expect(pull(settings)).rejects.toThrow(/found a link to .*outside/);
    rmSync(repo());
    mkdirSync(repo());
    symlinkSync(join(outside, "blobs"), join(repo(), "blobs"));
    await expect(pull(settings)).rejects.toThrow(/a link to/);
    rmSync(join(repo(), "blobs"));
    await pull(settings);
    rmSync(snapshot("model_index.json"));
    symlinkSync(join(outside, "secret.json"), snapshot("model_index.json"));
    expect(() => installed(MODEL, settings)).toThrow(/a link to .*secret\.json; remove that link/);
    expect(readdirSync(join(outside, "blobs"))).toEqual([]);
  });

  test("a partial file that is a link is not written through", async () => {
    const victim = put(join(scratch.path, "victim"), "mine");
    const partial = join(repo(), "blobs", `${gitSha1(repository()["model_index.json"])}.incomplete`);
    mkdirSync(dirname(partial), { recursive: true });
    symlinkSync(victim, partial);
    await expect(pull(settingsIn(scratch.path, hub))).rejects.toThrow(/ELOOP/);
    expect(readFileSync(victim, "utf8")).toBe("mine");
  });

  test("a ref that is no commit is refused", () => {
    put(join(repo(), "refs/main"), "../..");
    expect(() => installed(MODEL, settingsIn(scratch.path, hub))).toThrow(/refs\/main: expected a commit's 40 digits/);
  });

  test("what does not exist yet is inside", () => {
    expect(inside(scratch.path, "new", "file")).toBe(join(scratch.path, "new/file"));
  });
});

describe("the environment", () => {
  test("caches, endpoint and network are where Python's tools have them", () => {
    expect(hubSettings({ HOME: "/x", HF_HOME: "/hf" })).toMatchObject({
      hubCache: "/hf/hub",
      endpoint: "https://huggingface.co",
      tokenFile: "/hf/token",
      network: "allowed",
    });
    expect(hubSettings({ XDG_CACHE_HOME: "/c" })).toMatchObject({ hubCache: "/c/huggingface/hub", ownCache: "/c/veduta" });
    expect(
      hubSettings({
        HF_HOME: "/hf",
        HF_HUB_CACHE: "/other",
        HF_ENDPOINT: "https://mirror.example/",
        HF_HUB_OFFLINE: "yes",
        VEDUTA_CACHE: "/v",
      }),
    ).toMatchObject({
      hubCache: "/other",
      endpoint: "https://mirror.example",
      ownCache: "/v",
      network: "offline",
    });
    expect(hubSettings({ HF_HUB_OFFLINE: "0" }).network).toBe("allowed");
    expect(() => hubSettings({ HF_ENDPOINT: "file:///etc" })).toThrow(/HF_ENDPOINT: expected an http/);
  });

  test("the token is HF_TOKEN's, else that of the user's token file", () => {
    put(join(scratch.path, "hf/token"), "hf_file\n");
    expect(hubToken(settingsIn(scratch.path, hub))).toBe("hf_file");
    expect(hubToken(settingsIn(scratch.path, hub, { HF_TOKEN: "hf_env" }))).toBe("hf_env");
    expect(hubToken(settingsIn(join(scratch.path, "none"), hub))).toBeUndefined();
    expect(() => hubToken(settingsIn(scratch.path, hub, { HF_TOKEN: "a b\nc" }))).toThrow(/HF_TOKEN: expected a token/);
  });
});

describe("the manifest", () => {
  const models = readManifest();
  test("names the models, their licences and the files that are needed", () => {
    expect(models.map(({ name }) => name)).toEqual([
      ...["sd15", "sd2-base", "sd21", "lpips-vgg", "lpips-alex", "lpips-squeeze"],
      ...["fid-inception", "vgg19", "canny-sd15", "seg-sd15", "qr-sd15", "clip-tokenizer", "clip-b16", "clip-b32"],
    ]);
    for (const model of models) {
      expect(model.licences.length).toBeGreaterThan(0);
      if (model.kind === "lpips") expect(/-([0-9a-f]{8})\.pth$/.exec(model.backbone.path)?.[1]).toBe(model.backbone.sha256.slice(0, 8));
      else if (model.kind === "weights") expect(/-([0-9a-f]{8})\.pth$/.exec(model.file.url)?.[1]).toBe(model.file.sha256.slice(0, 8));
      else if (model.use === "tokenizer") expect(model.files.map(({ path }) => path)).toContain("vocab.json");
      else if (model.use === "control")
        expect(model.files.map(({ path }) => path)).toEqual(["config.json", "diffusion_pytorch_model.safetensors"]);
      else if (model.use === "metrics") expect(model.files.map(({ path }) => path)).toContain("pytorch_model.bin");
      else
        for (const part of ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
          expect(
            model.files.some(({ path }) => path.startsWith(`${part}/`)),
            part,
          ).toBe(true);
    }
  });
});
