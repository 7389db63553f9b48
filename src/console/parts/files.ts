/** Files to and from the person's machine. */

export const save = (name: string, content: Uint8Array | string, type: string): void => {
  const at = URL.createObjectURL(new Blob([content as BlobPart], { type }));
  const link = document.createElement("a");
  link.href = at;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(at), 60_000);
};
