/** The name that Kubernetes' OpenAPI documents give a type of the schema: `io.k8s.api.core.v1.Pod`. */
export function openApiName(type: string): string {
  return type.startsWith('meta.') ? `io.k8s.apimachinery.pkg.apis.${type}` : `io.k8s.api.${type}`
}
