/**
 * The page with `text` between the marks `<!-- name: ... -->` and `<!-- /name -->`, instead of what is there. Throws where
 * they are missing.
 */
export function withGeneratedSection(page: string, name: string, text: string): string {
  const section = new RegExp(`(<!-- ${name}: [^\\n]* -->\\n).*(\\n<!-- /${name} -->)`, 's')
  if (!section.test(page))
    throw new Error(`no place for the section ${name}: <!-- ${name}: ... --> ... <!-- /${name} -->`)
  return page.replace(section, (_, begin: string, end: string) => `${begin}${text}${end}`)
}
