/**
 * @file The configuration of one of Frido's trainings, a YAML of OmegaConf, as the configs of a checkpoint's folder. Source: Frido, configs/frido,
 * frido/models/diffusion/frido.py and taming/data/annotated_objects_dataset.py.
 */
import { CheckpointError } from "../core/errors.js";
import { readText } from "../core/files.js";
import { anything, type Fitting, form, nullish, object, oneOf, only, optional, readForm, real, text, whole, yesNo } from "../core/forms.js";
import { isObject, type JsonObject } from "../core/json.js";
import { parseYaml } from "../core/yaml.js";

/** The configs of the folder's parts, as its files hold them. */
export interface FridoConfigs {
  readonly unet: JsonObject;
  /** without the scale factors, which the checkpoint has */
  readonly firstStage: JsonObject;
  readonly condition: JsonObject;
  readonly scheduler: JsonObject;
  /** scene_tokens.json, without classes */
  readonly tokens: JsonObject & { readonly builder: string };
  /** what the training says about the number of its classes */
  readonly classCount?: number;
}

const MAX_BYTES = 2 ** 20;

const params = form<JsonObject>("an object", isObject);
/** A class by its last names, the newest first. */
const className = (...names: readonly string[]) => text(new RegExp(`(^|\\.)(${names.join("|")})$`), `a class ${names.join(" or ")}`);
/** A class, and what it is made with. */
const part = (...names: readonly string[]) => object({ target: className(...names), params }, `{ target: ${names[0]}, params }`);

const TRAINING = object({
  model: object({
    target: className("FridoDiffusion", "MSLatentDiffusion"), // the second is its name in one official YAML
    params: object({
      ...only({
        beta_schedule: ["linear"],
        concat_mode: [true],
        conditioning_key: ["crossattn"],
        given_betas: [null],
        use_positional_encodings: [false],
      }),
      specify_channels: optional(form("[]", (value) => Array.isArray(value) && value.length === 0)),
      linear_start: optional(real({ min: 0, max: 0.999 }), 1e-4),
      linear_end: optional(real({ min: 0, max: 0.999 }), 2e-2),
      timesteps: optional(whole({ min: 2, max: 100_000 }), 1000),
      parameterization: optional(oneOf(["eps", "x0"]), "eps"),
      cond_stage_key: oneOf(["objects_bbox", "objects_center_points", "objects", "caption"]),
      unet_config: part("PyUNetModel", "UNetModel"),
      first_stage_config: part("VQModelInterface"),
      cond_stage_config: part("BERTEmbedder"),
    }),
  }),
  data: optional(anything),
});

/** What a data set says about the tokens of its pictures. */
const DATA_SET = object({
  no_tokens: whole({ min: 4, max: 2 ** 20 }),
  max_objects_per_image: whole({ max: 1024 }),
  encode_crop: yesNo,
  use_group_parameter: yesNo,
  use_additional_parameters: optional(yesNo, false),
  shifting_cls_num: nullish(whole({ min: 0, max: 2 ** 20 }), 0),
  no_object_classes: nullish(whole({ max: 2 ** 20 })),
});

/**
 * Reads the YAML.
 * @throws CheckpointError naming the file, the key and what is supported
 */
export function fridoConfigs(file: string): FridoConfigs {
  const yaml = parseYaml(file, readText(file, { maxBytes: MAX_BYTES }));
  const training = readForm(file, TRAINING, yaml);
  const { params: model } = training.model;
  const { ckpt_path: _path, lossconfig: _loss, ignore_keys: _keys, monitor: _monitor, ...firstStage } = model.first_stage_config.params;
  const { use_tokenizer, cond_key: _key, device: _device, ...condition } = model.cond_stage_config.params;
  const spoken = model.cond_stage_key === "caption";
  if ((use_tokenizer ?? true) !== spoken)
    throw new CheckpointError(file, {
      expected: `model.params.cond_stage_config.params.use_tokenizer: ${spoken}, for cond_stage_key ${model.cond_stage_key}`,
      found: String(use_tokenizer ?? "nothing, which means true"),
    });
  return {
    unet: { _class_name: "PyUNetModel", ...model.unet_config.params },
    firstStage: { _class_name: "VQModelInterface", ...firstStage },
    condition: { _class_name: "BERTEmbedder", ...condition },
    scheduler: schedulerOf(model),
    ...(spoken ? { tokens: textTokens(yaml, condition) } : objectTokens(file, model.cond_stage_key, yaml)),
  };
}

/** "linear" there is linear in the betas' square roots. Timesteps count from 1, and the last step ends at timestep 0. */
const schedulerOf = (model: Fitting<typeof TRAINING>["model"]["params"]): JsonObject => ({
  _class_name: "DDIMScheduler",
  beta_schedule: "scaled_linear",
  beta_start: model.linear_start,
  beta_end: model.linear_end,
  num_train_timesteps: model.timesteps,
  precision: "float64",
  prediction_type: { eps: "epsilon", x0: "sample" }[model.parameterization],
  steps_offset: 1,
  set_alpha_to_one: false,
  clip_sample: false,
});

/** The text models are alike; the file of captions that a training read says whether these are scene graphs. */
function textTokens(yaml: JsonObject, { max_seq_len, vocab_size }: JsonObject): FridoConfigs["tokens"] {
  const captions = dataSets(yaml).map(({ caption_ann_path }) => String(caption_ann_path));
  const builder = captions.some((path) => /(scenegraph|_sg)[^/]*\.json$/.test(path)) ? "scene_graph" : "caption";
  return { kind: "frido", builder, ...optionally("max_tokens", max_seq_len), ...optionally("no_tokens", vocab_size) };
}

const optionally = (key: string, value: unknown): JsonObject => (value === undefined ? {} : { [key]: value });

const BUILDERS: Readonly<Record<string, string>> = {
  objects_bbox: "objects_bbox",
  objects_center_points: "center_points",
  objects: "objects",
};

function objectTokens(file: string, key: string, yaml: JsonObject): Pick<FridoConfigs, "tokens" | "classCount"> {
  const [first] = dataSets(yaml);
  if (!first)
    throw new CheckpointError(file, {
      expected: "data.params.test.params, or those of validation or train: how objects become tokens",
      found: "none",
      fix: "take the YAML of the training, with its part data",
    });
  const { no_tokens, max_objects_per_image, encode_crop, shifting_cls_num, no_object_classes, ...flags } = readForm(file, DATA_SET, first);
  return {
    tokens: {
      kind: "frido",
      builder: BUILDERS[key],
      no_tokens,
      max_objects: max_objects_per_image,
      encode_crop,
      // only boxes are shifted
      ...(key === "objects_bbox" && shifting_cls_num > 0 ? { shift: shifting_cls_num } : {}),
      flags: [
        ...(flags.use_group_parameter ? ["group"] : []),
        ...(flags.use_additional_parameters ? ["occluded", "depiction", "inside"] : []),
      ],
    },
    ...(no_object_classes ? { classCount: no_object_classes } : {}),
  };
}

/** The parameters of the data sets, that of tests first: pictures are made with it. */
function dataSets({ data }: JsonObject): JsonObject[] {
  const sets = isObject(data) && isObject(data.params) ? data.params : {};
  return ["test", "validation", "train"].flatMap((name) => {
    const set = Object.hasOwn(sets, name) ? sets[name] : undefined;
    return isObject(set) && isObject(set.params) ? [set.params] : [];
  });
}
