/** @file The files of a drop. */

type Item = DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> };

/** The files of a drop: loose files, and those of each folder. All items are read at once, because they are invalid after the event. */
export async function dropped({ items }: DataTransfer): Promise<File[][]> {
  const loose: File[] = [];
  const folders = [...items].map(async (item: Item): Promise<File[]> => {
    const [file, entry] = [item.getAsFile(), item.webkitGetAsEntry()];
    if (!entry?.isDirectory) {
      if (file) loose.push(file);
      return [];
    }
    // On a file: page Chromium gives no folder entries, but it gives handles.
    const handle = await item.getAsFileSystemHandle?.();
    return handle ? filesOf(handle as FileSystemDirectoryHandle) : filesBelow(entry as FileSystemDirectoryEntry);
  });
  return [loose, ...(await Promise.all(folders))];
}

async function filesOf(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const found: File[] = [];
  for await (const handle of folder.values())
    found.push(
      ...(handle.kind === "file" ? [await (handle as FileSystemFileHandle).getFile()] : await filesOf(handle as FileSystemDirectoryHandle)),
    );
  return found;
}

async function filesBelow(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const found: FileSystemEntry[] = [];
  for (let more = true; more; ) {
    const part = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    found.push(...part);
    more = part.length > 0;
  }
  const files = found.map((entry) =>
    entry.isFile
      ? new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail))
      : filesBelow(entry as FileSystemDirectoryEntry),
  );
  return (await Promise.all<File | File[]>(files)).flat();
}
