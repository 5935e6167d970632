/** The field of a Pod that a `fieldPath` means: the first clients of v1 called the node `spec.host`. */
export function podFieldPath(fieldPath: string): string {
  return fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath
}
