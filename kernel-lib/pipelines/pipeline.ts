/** @file What a kind of checkpoint is: how its folder is recognised, which parts it has, and what model they make. */
import type { Engine } from "../engine/engine.js";

/** Reads one part of a checkpoint's folder. */
export interface PartReader<Part> {
  /** class names that model_index.json may give this part; absent where it names none */
  readonly classes?: readonly string[];
  /** what to do where the part's folder is missing */
  readonly fix?: string;
  /** @param folder of the part  @throws CheckpointError where a file is missing or does not fit */
  read(folder: string): Part;
}

/** Parts that are open: each is read when it is first asked for, and once. */
export interface OpenParts<Parts> {
  /** the checkpoint's folder, or its single file */
  readonly path: string;
  /** Whether the folder has this part at all. */
  has(name: keyof Parts & string): boolean;
  /** @throws CheckpointError (file, expected, found) where the part is missing or does not fit */
  part<Name extends keyof Parts & string>(name: Name): Parts[Name];
  /** What the numbers depend on besides files in the folder, for the digest. */
  settings?(): string;
  /** The digest, of parts whose files lie elsewhere; default it is computed from the files. */
  digest?(): string;
}

/** What a folder of one kind of checkpoint holds. */
export interface CheckpointKind<Parts> {
  /** in words, for errors */
  readonly name: string;
  /** `_class_name`s of its model_index.json */
  readonly classes: readonly string[];
  /** by the names of their folders */
  readonly parts: { readonly [Name in keyof Parts]: PartReader<Parts[Name]> };
}

/** A kind of checkpoint that can be opened. One file each, one line in pipelines.ts. */
export interface Pipeline<M, Parts> extends CheckpointKind<Parts> {
  /** Refuses parts that do not fit their configs or each other, before a device is opened. @throws CheckpointError */
  check?(parts: OpenParts<Parts>): void;
  /** The model. It closes the engine when it is closed itself. */
  open(parts: OpenParts<Parts>, engine: Engine): M | Promise<M>;
}
