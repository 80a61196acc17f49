/** @file The columns of a measurement: what each network adds. A new network for metrics adds its own by what it can do. */
import { createRng } from "../../core/random.js";
import { stack, type Tensor } from "../../core/tensor.js";
import type { DualEncoder, Features, StyleNetwork } from "../../diffusion/capabilities.js";
import { CUBE_FACES, type CubeFace, cubeFaces } from "../../metrics/cube-faces.js";
import { dualScore } from "../../metrics/dual-score.js";
import { frechetDistance } from "../../metrics/frechet-distance.js";
import { GIQA_NEIGHBOURS, giqa } from "../../metrics/giqa.js";
import { squares } from "../../metrics/intra-lpips.js";
import { kernelDistance } from "../../metrics/kernel-distance.js";
import { metrics } from "../../metrics/metrics.js";
import { omniFid } from "../../metrics/omni-fid.js";
import { intraStyleLoss } from "../../metrics/style-loss.js";
import type { FeatureCache } from "./feature-cache.js";
import type { FoundPicture } from "./found-pictures.js";

/** A picture that is open. */
export interface OpenPicture extends FoundPicture {
  /** sha256 of its file */
  readonly content: string;
  /** [1,3,H,W] in [0,1]; it is read once */
  readonly image: () => Promise<Tensor>;
  /** the folder's kept features of a network */
  readonly cache: (network: string) => FeatureCache;
}

interface Named {
  readonly name: string;
  readonly title: string;
  readonly better: "lower" | "higher";
}

/** A number of each picture; undefined where it does not apply to one. */
export interface PictureColumn extends Named {
  readonly kind: "picture";
  value(picture: OpenPicture): Promise<number | undefined>;
}

/** A number of a set of pictures against the reference: from the features of each picture, [k,d] for its k parts. */
export interface SetColumn extends Named {
  readonly kind: "set";
  /** for its interval */
  readonly resamples: number;
  features(picture: OpenPicture): Promise<Tensor | undefined>;
  value(pictures: readonly Tensor[], references: readonly Tensor[]): number;
  /** the same for its interval, where it may cost less and vary a little more */
  draw(pictures: readonly Tensor[], references: readonly Tensor[]): number;
}

/** A column of a measurement. */
export type Column = PictureColumn | SetColumn;

/** What columns are made from. */
export interface ColumnSource {
  /** a model, for metrics that look through its own networks, and how tables call it; absent: the metrics that need none */
  readonly model?: { readonly title: string; readonly functions: object };
  /** networks for metrics; `prefix` stands before the names of their columns */
  readonly networks: readonly (Partial<Features & StyleNetwork & DualEncoder> & {
    /** what its features are kept under: it differs where the weights differ */
    readonly name: string;
    readonly title: string;
    readonly prefix: string;
  })[];
  /** the reference's pictures; absent: no column that compares with one */
  readonly references?: readonly OpenPicture[];
  /** side of the square crops in pixels; default the picture's height, the whole picture where it is not wide enough for two */
  readonly crop?: number;
}

/** The columns that the networks allow, in the order of the tables. */
export function columnsOf(source: ColumnSource): readonly Column[] {
  return [...ownColumns(source), ...source.networks.flatMap((network) => networkColumns(network, source))];
}

/** The metrics of single panoramas. */
function ownColumns({ model }: ColumnSource): Column[] {
  const functions = (model?.functions ?? {}) as Readonly<Record<string, unknown>>;
  return metrics().flatMap((metric): Column[] => {
    if (!metric.needs.every((name) => typeof functions[name] === "function")) return [];
    const title = metric.needs.length > 0 ? `${metric.title} (${model?.title})` : metric.title;
    const value = async ({ image, edge }: OpenPicture) =>
      metric.edge === "wrap" && edge !== "wrap" ? undefined : metric.measure(await image(), functions);
    return [{ kind: "picture", name: metric.name, title, better: metric.better, value }];
  });
}

function networkColumns(network: ColumnSource["networks"][number], { references, crop }: ColumnSource): Column[] {
  const { name, title, prefix, features, grams, embedImages, embedPrompts } = network;
  const columns: Column[] = [];
  if (grams)
    columns.push(
      ofPictures({ name: `${prefix}intra-style`, title: `Intra-Style-L (${title})`, better: "lower" }, async ({ image }) =>
        intraStyleLoss(await image(), { grams }, "mean", crop),
      ),
    );
  if (embedImages && embedPrompts)
    columns.push(
      ofPictures({ name: `${prefix}clip-score`, title: `CLIP score (${title})`, better: "higher" }, async ({ image, prompt, content }) => {
        if (prompt === undefined) return undefined;
        const parts = unitParts(await image(), crop);
        // one crop, chosen by the picture's content, so that it is the same in every run
        const part = parts[createRng(Number.parseInt(content.slice(0, 8), 16)).below(parts.length)];
        const [cosine] = await dualScore({ embedImages, embedPrompts }, part, prompt);
        return 100 * Math.max(0, cosine);
      }),
    );
  if (features && references) columns.push(...featureColumns({ name, title, prefix, features }, references, crop));
  return columns;
}

const ofPictures = (named: Named, value: PictureColumn["value"]): PictureColumn => ({ kind: "picture", ...named, value });

/** FID, KID, GIQA and OmniFID, over the features of a picture's crops or faces. */
function featureColumns(
  { name, title, prefix, features }: { readonly name: string; readonly title: string; readonly prefix: string } & Features,
  references: readonly OpenPicture[],
  crop: number | undefined,
): Column[] {
  const kept = `${name}-${crop ?? "height"}`;
  const rowsOf = async (images: readonly Tensor[]) => {
    const rows: Tensor[] = [];
    for (const image of images) rows.push((await features(signed(image)))[0]); // [1,d]
    return stack(rows);
  };
  const ofCrops = ({ image, content, cache }: OpenPicture) => cache(kept).of(content, async () => rowsOf(unitParts(await image(), crop)));
  const ofFaces = async ({ image, content, cache }: OpenPicture) => {
    const { shape } = await image();
    if (shape[3] !== 2 * shape[2]) return undefined; // no full sphere
    return cache(`${name}-faces`).of(content, async () => rowsOf(Object.values(cubeFaces(await image()))));
  };
  const compared = `against the reference (${title})`;
  let nearest: Promise<Tensor> | undefined;
  const ofSets = (column: string, measure: string, of: SetColumn["features"], value: SetColumn["value"], draw = value): SetColumn => ({
    kind: "set",
    name: `${prefix}${column}`,
    title: `${measure} ${compared}`,
    better: "lower",
    resamples: RESAMPLES,
    features: of,
    value,
    draw,
  });
  return [
    ofSets("fid", "FID", ofCrops, (a, b) => frechetDistance(stack(a), stack(b))),
    ofSets(
      "kid",
      "KID",
      ofCrops,
      (a, b) => kernelDistance(stack(a), stack(b)),
      (a, b) => kernelDistance(stack(a), stack(b), { subsets: DRAWN_SUBSETS }),
    ),
    ofPictures({ name: `${prefix}giqa`, title: `GIQA ${compared}`, better: "higher" }, async (picture) => {
      nearest ??= (async () => {
        const all: Tensor[] = [];
        for (const reference of references) all.push(await ofCrops(reference));
        return stack(all);
      })();
      const near = await nearest; // [m,d]
      if (near.shape[0] < GIQA_NEIGHBOURS) return undefined;
      const scores = giqa(await ofCrops(picture), near);
      return scores.reduce((a, b) => a + b, 0) / scores.length;
    }),
    ofSets("omni-fid", "OmniFID", ofFaces, (a, b) => omniFid(byFace(a), byFace(b))),
  ];
}

/** Draws for the interval of a set's number: each takes as long as the number itself, but for KID. */
const RESAMPLES = 20;
/** Subsets of KID in a draw, a tenth of the number's own: its interval is a little wider for it. */
const DRAWN_SUBSETS = 10;

/** Features [6,d] of each sphere -> [n,d] of each face. */
function byFace(spheres: readonly Tensor[]): Record<CubeFace, Tensor> {
  const of = (k: number): Tensor => {
    const d = spheres[0].shape[1];
    return stack(spheres.map(({ data }) => ({ data: data.subarray(k * d, (k + 1) * d), shape: [1, d] })));
  };
  return Object.fromEntries(CUBE_FACES.map((face, k) => [face, of(k)])) as Record<CubeFace, Tensor>;
}

/** The square crops of a picture, or the whole where it holds fewer than two: [1,3,h,w] each, in [0,1]. */
function unitParts(image: Tensor, crop: number | undefined): Tensor[] {
  const [, , height, width] = image.shape;
  const side = crop ?? height;
  if (Math.floor(height / side) * Math.floor(width / side) < 2) return [image];
  return squares(image, side, "measure").map(({ data, shape }) => ({ data: data.map((x) => (x + 1) / 2), shape }));
}

const signed = ({ data, shape }: Tensor): Tensor => ({ data: data.map((x) => 2 * x - 1), shape });
