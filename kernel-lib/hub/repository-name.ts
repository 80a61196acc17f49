/** @file Repositories of the hub by name: OWNER/NAME, and after it @REVISION. */

/** A repository at a revision. */
export interface RepositoryName {
  /** OWNER/NAME */
  readonly id: string;
  /** a branch, a tag or a commit */
  readonly revision: string;
  /** what its pins are called in veduta-lock.json */
  readonly pinned: string;
}

const PART = "[A-Za-z0-9][\\w.-]{0,95}";
const NAME = new RegExp(`^(${PART}/${PART})(?:@(\\w[\\w./+-]*))?$`);

/** Reads a word; undefined for one of another form, such as a path. */
export function repositoryName(word: string): RepositoryName | undefined {
  const [, id, given] = NAME.exec(word) ?? [];
  if (id === undefined || /\.\.|--|\.(safetensors|ckpt|pth?|bin)$/.test(id) || (given !== undefined && /\.\.|\/\/|\/$/.test(given)))
    return undefined;
  const revision = given ?? "main";
  return { id, revision, pinned: given === undefined ? id : `${id}/${given}` };
}
