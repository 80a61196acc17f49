/** @file What the viewer is given of several pictures: the first, and the others to compare with it. */

/** What is read of a picture's own spec. */
interface Spec {
  readonly coverage: unknown;
  readonly steps?: unknown;
  readonly caption?: string;
}

/** A picture with its name for the viewer. */
export interface NamedPicture<Own extends Spec> {
  /** a data: URL, or a blob's */
  readonly src: string;
  readonly name: string;
  readonly spec: Own;
}

/** One picture's own spec; of several the first's, with the others beside it, a bar to swipe, and each caption after the name of its picture. */
export function comparedSpec<Own extends Spec>([first, ...rest]: readonly NamedPicture<Own>[]) {
  if (rest.length === 0) return first.spec;
  const captions = [first, ...rest].flatMap(({ name, spec: { caption } }) => (caption === undefined ? [] : [`${name}: ${caption}`]));
  return {
    ...first.spec,
    label: first.name,
    caption: captions.length > 0 ? captions.join(" ") : undefined,
    others: rest.map(({ src, name, spec: { coverage, steps } }) => ({
      src,
      label: name,
      coverage: coverage as Own["coverage"],
      steps: steps as Own["steps"],
    })),
    state: { compare: "swipe" as const },
  };
}
