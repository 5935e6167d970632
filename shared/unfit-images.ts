import { DOMAIN } from './domain.ts'

/** On a Node: the images that it found to have nothing for its architecture, as a JSON list of names. */
const UNFIT_IMAGES_ANNOTATION = `${DOMAIN}/unfit-images`
/** A Node's object is not the place for more. */
const MAX_IMAGES = 50

type Annotations = Readonly<Record<string, string>>

/** The images that a Node's annotations name; none where that is not what it should be. */
export function unfitImagesOf(annotations: Annotations = {}): string[] {
  try {
    const images: unknown = JSON.parse(annotations[UNFIT_IMAGES_ANNOTATION] ?? '[]')
    return Array.isArray(images) ? images.filter((image) => typeof image === 'string') : []
  } catch {
    return []
  }
}

/** The annotations with these images named, or undefined where they are named already. */
export function withUnfitImages(
  annotations: Annotations | undefined,
  images: readonly string[],
): Record<string, string> | undefined {
  const { [UNFIT_IMAGES_ANNOTATION]: before, ...others } = annotations ?? {}
  const after = images.length > 0 ? JSON.stringify(images.slice(0, MAX_IMAGES)) : undefined
  if (after === before) return undefined
  return after === undefined ? others : { ...others, [UNFIT_IMAGES_ANNOTATION]: after }
}
