/**
 * @file Frido: a U-Net over a pyramid of codes, stage by stage, with a transformer over a condition's tokens. A checkpoint's parts become a
 * FridoModel. Source: Fan et al., arXiv:2208.13753; the folder is `veduta models convert frido`'s, or one of the models that were trained here.
 */
import { join } from "node:path";
import { sceneTokenizer } from "../conditions/scene-tokenizer.js";
import { CheckpointError } from "../core/errors.js";
import { readJson } from "../core/json.js";
import { once } from "../core/once.js";
import { expectShape, type Tensor } from "../core/tensor.js";
import type { PyramidModel, PyramidModelConfig } from "../diffusion/pyramid-model.js";
import { createSchedule, type ScheduleConfig } from "../diffusion/schedule.js";
import type { Engine } from "../engine/engine.js";
import {
  decodePyramidProgram,
  encodePyramidProgram,
  gatesProgram,
  pixelsPerLatent,
  stageNoiseProgram,
  tokensProgram,
} from "../nets/frido-programs.js";
import { type MsVqganConfig, msVqganConfig } from "../nets/ms-vqgan-config.js";
import type { Part } from "../nets/parameters.js";
import { type PyUNetConfig, pyunetConfig, pyunetTimesteps } from "../nets/pyunet-config.js";
import { timestepEmbedding } from "../nets/timestep-embedding.js";
import { type TokenTransformerConfig, tokenTransformerConfig } from "../nets/token-transformer.js";
import { digestCheckpoint } from "./digest.js";
import { expectEqual } from "./expect-equal.js";
import { networkReader } from "./folder.js";
import type { FridoModel } from "./model.js";
import type { OpenParts, PartReader, Pipeline } from "./pipeline.js";
import { pyramidCodes } from "./pyramid-codes.js";
import { schedulerReader } from "./scheduler-config.js";

/** A transformer over tokens, and what the tokens mean. */
type ConditionPart = Part<TokenTransformerConfig> & { readonly tokenFile: PyramidModel["tokenFile"] };

interface FridoParts {
  readonly unet: Part<PyUNetConfig>;
  readonly first_stage: Part<MsVqganConfig>;
  readonly condition: ConditionPart;
  readonly scheduler: ScheduleConfig;
}

const WEIGHTS = ["model", "diffusion_pytorch_model"];
const transformerReader = networkReader(tokenTransformerConfig, WEIGHTS);

/** condition/: config.json and weights of the token transformer, and scene_tokens.json. */
const conditionReader: PartReader<ConditionPart> = {
  read(folder) {
    const file = join(folder, "scene_tokens.json");
    return { ...transformerReader.read(folder), tokenFile: { file, json: readJson(file) } };
  },
};

/** All parts are checked at once; a network's weights are read when a call first needs them. */
export const frido: Pipeline<FridoModel, FridoParts> = {
  name: "Frido",
  classes: ["FridoPipeline"],
  parts: {
    unet: networkReader(pyunetConfig, WEIGHTS),
    first_stage: networkReader(msVqganConfig, WEIGHTS),
    condition: conditionReader,
    scheduler: schedulerReader,
  },
  check(parts) {
    const [unet, codes, condition] = [parts.part("unet"), parts.part("first_stage"), parts.part("condition")];
    const { codes: books, codeChannels, imageChannels, outChannels } = codes.config;
    expectEqual(unet.file, "in_channels", unet.config.inChannels, books.length * codeChannels, "embed_dim of first_stage, added up");
    expectEqual(unet.file, "out_channels", unet.config.outChannels, books.length * codeChannels, "embed_dim of first_stage, added up");
    expectEqual(unet.file, "num_stage", unet.config.stages, books.length, "the scales of first_stage");
    expectEqual(codes.file, "edconfig.in_channels", imageChannels, 3, "those of an RGB image");
    expectEqual(codes.file, "ddconfig.out_ch", outChannels, 3, "those of an RGB image");
    for (const [stage, own] of (unet.config.split ?? []).entries())
      if (own !== codeChannels)
        throw new CheckpointError(unet.file, {
          expected: `split_embed_dim_list[${stage}]: ${codeChannels}, as embed_dim of first_stage`,
          found: String(own),
        });
    const { transformer } = unet.config;
    if (transformer) expectEqual(unet.file, "context_dim", transformer.contextDim, condition.config.width, "n_embed of condition");
    expectTokens(condition);
    expectKeys(parts);
  },
  open(parts, engine) {
    const digest = once(() =>
      digestCheckpoint(parts, ["unet", "first_stage", "condition"], ["condition/scene_tokens.json", "condition/vocab.txt"]),
    );
    const { device, precision, threads, notices } = engine;
    const config = configOf(parts);
    return {
      config,
      path: parts.path,
      device,
      precision,
      threads,
      notices,
      get digest() {
        return digest();
      },
      ...stages(parts, engine, config),
      ...pyramidCodes(engine, parts.part("first_stage")),
      ...conditions(parts, engine),
      close: () => engine.close(),
    };
  },
};

function configOf(parts: OpenParts<FridoParts>): PyramidModelConfig {
  const [{ config: unet }, { config: codes }] = [parts.part("unet"), parts.part("first_stage")];
  const levels = 2 ** (unet.channels.length - 1);
  const coarsest = unet.coarseAt === "own" ? 2 ** (unet.stages - 1) : 1;
  return {
    stageChannels: codes.codes.map(() => codes.codeChannels),
    latentChannels: unet.inChannels,
    scaleFactor: pixelsPerLatent(codes),
    window: unet.sampleSize,
    windowMultiple: levels * coarsest,
    coarseAt: unet.coarseAt,
    schedule: parts.part("scheduler"),
    conditioned: unet.transformer !== undefined,
  };
}

/** The U-Net's calls. */
function stages(
  parts: OpenParts<FridoParts>,
  engine: Engine,
  { stageChannels, schedule: scheduleConfig, conditioned }: PyramidModelConfig,
): Pick<PyramidModel, "predictStageNoise" | "gates"> {
  const unet = parts.part("unet");
  const { precision, device } = engine;
  const { prediction, trainTimesteps } = scheduleConfig;
  const embedding = device === "webgpu" ? "fed" : "computed";
  const programs = { noise: stageNoiseProgram({ unet, stageChannels, prediction, precision, embedding }), gates: gatesProgram(unet) };
  const schedule = createSchedule(scheduleConfig);
  const expectStage = (who: string, stage: number) => {
    if (!Number.isInteger(stage) || stage < 0 || stage >= stageChannels.length)
      throw new RangeError(`${who}: stage ${stage}, want a whole number from 0 to ${stageChannels.length - 1}`);
  };
  return {
    async predictStageNoise(latent, { timestep, stage, context, batch }) {
      const who = "predictStageNoise";
      engine.expectOpen(who);
      expectStage(who, stage);
      expectShape(`${who}: latent`, latent, ["N", "C", "h", "w"]);
      if (!Number.isInteger(timestep) || timestep < 0 || timestep >= trainTimesteps)
        throw new RangeError(`${who}: timestep ${timestep}, want a whole number from 0 to ${trainTimesteps - 1}`);
      const [N, channels, height, width] = latent.shape;
      if (conditioned !== (context !== undefined))
        throw new TypeError(`${who}: got ${context ? "a" : "no"} context, want ${conditioned ? "one, [1,T,D] or [N,T,D]" : "none"}`);
      const each = context && perRow(who, context, N, unet.config.transformer?.contextDim ?? 0);
      const { alpha, sigma } = schedule.level(timestep);
      const shared = {
        timestep: scalar(timestep),
        timestepEmbedding: timestepEmbedding(pyunetTimesteps(unet.config), [timestep]),
        alpha: scalar(alpha),
        sigma: scalar(sigma),
      };
      const size = { height, width, stage, channels, tokens: each?.shape[1] ?? 0 };
      return (await engine.call(programs.noise, size, { rows: { latent, ...(each && { context: each }) }, shared }, batch)).noise;
    },
    async gates(latent, { stage }) {
      engine.expectOpen("gates");
      expectStage("gates", stage);
      expectShape("gates: latent", latent, ["N", "C", "h", "w"]);
      if (stage === 0 || !unet.config.split) return [];
      const [, channels, height, width] = latent.shape;
      const found = await engine.call(programs.gates, { height, width, stage, channels }, { rows: { latent } });
      return unet.config.channels.map((_, level) => ({ gamma: found[`gamma${level}`], beta: found[`beta${level}`] }));
    },
  };
}

/** The token transformer's call. */
function conditions(parts: OpenParts<FridoParts>, engine: Engine): Pick<PyramidModel, "encodeTokens" | "tokenFile"> {
  const part = parts.part("condition");
  const program = tokensProgram(part);
  return {
    tokenFile: part.tokenFile,
    async encodeTokens({ ids, keep }) {
      engine.expectOpen("encodeTokens");
      expectIds(ids, part.config);
      if (part.config.mask !== (keep !== undefined))
        throw new TypeError(`encodeTokens: got ${keep ? "a" : "no"} mask of padding, want ${part.config.mask ? "one" : "none"}`);
      return (await engine.call(program, { tokens: ids.shape[1] }, { rows: { ids, ...(keep && { keep }) } })).context;
    },
  };
}

function expectIds(
  { data, shape }: { readonly data: Int32Array; readonly shape: readonly number[] },
  config: TokenTransformerConfig,
): void {
  if (shape.length !== 2 || shape[1] > config.maxTokens)
    throw new RangeError(`encodeTokens: got ids of shape [${shape}], want [N,T] with at most ${config.maxTokens} tokens`);
  const wrong = data.find((id) => id < 0 || id >= config.vocabulary);
  if (wrong !== undefined) throw new RangeError(`encodeTokens: got the token ${wrong}, want numbers from 0 to ${config.vocabulary - 1}`);
}

/** [1,T,D] or [N,T,D] -> [N,T,D] */
function perRow(who: string, context: Tensor, N: number, D: number): Tensor {
  const [given, T] = context.shape;
  expectShape(`${who}: context`, context, [given === 1 ? 1 : N, "T", D], "give one condition, or one for each row");
  if (given === N) return context;
  const data = new Float32Array(N * context.data.length);
  for (let n = 0; n < N; n++) data.set(context.data, n * context.data.length);
  return { data, shape: [N, T, D] };
}

/** @throws CheckpointError where a condition has more tokens, or larger ones, than the transformer takes */
function expectTokens({ config: { maxTokens, vocabulary }, tokenFile: { file, json } }: ConditionPart): void {
  const tokenizer = sceneTokenizer(file, json);
  if (tokenizer.length > maxTokens)
    throw new CheckpointError(file, {
      expected: `at most max_seq_len ${maxTokens} tokens of a condition`,
      found: String(tokenizer.length),
    });
  if (tokenizer.vocabulary > vocabulary)
    throw new CheckpointError(file, { expected: `tokens below vocab_size ${vocabulary}`, found: String(tokenizer.vocabulary - 1) });
}

/** Building a graph asks for every key with its shape. @throws CheckpointError for one that is missing or does not fit */
function expectKeys(parts: OpenParts<FridoParts>): void {
  const [unet, first, condition] = [parts.part("unet"), parts.part("first_stage"), parts.part("condition")];
  const { stageChannels, windowMultiple: side, latentChannels: channels, schedule } = configOf(parts);
  const noise = stageNoiseProgram({ unet, stageChannels, prediction: schedule.prediction });
  for (const stage of stageChannels.keys()) noise.graph({ height: side, width: side, stage, channels, tokens: 1 }, 1);
  encodePyramidProgram(first).graph({ height: 2 ** (stageChannels.length - 1), width: 2 ** (stageChannels.length - 1) }, 1);
  decodePyramidProgram(first).graph({ height: 1, width: 1 }, 1);
  tokensProgram(condition).graph({ tokens: 1 }, 1);
}

const scalar = (x: number) => ({ data: Float32Array.of(x), shape: [1] });
