/** Replaces `$(NAME)` by its value; `$$` stands for `$`, and a name without a value stays as it is written. */
export function expandVariables(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^()]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$'
    return lookup(name) ?? whole
  })
}
