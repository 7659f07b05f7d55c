const longest = 100;

/** Names become folders and files, and keys of objects: what is wrong with this one, as 'it …', if anything is. */
export function faultOfName(text: string): string | undefined {
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(text))
    return 'a name has letters, digits, "_" and "-", and begins with a letter or digit';
  if (text.length > longest) return `it has more than ${longest} letters`;
  return text in {} ? 'JavaScript has a meaning of its own for it' : undefined;
}
