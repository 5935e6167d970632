/** The name that Kubernetes' OpenAPI documents give a type of the schema: `io.k8s.api.core.v1.Pod`. */
export function openApiName(type: string): string {
  if (type.startsWith('metrics.')) return `io.k8s.metrics.pkg.apis.${type}`
  return type.startsWith('meta.') ? `io.k8s.apimachinery.pkg.apis.${type}` : `io.k8s.api.${type}`
}
