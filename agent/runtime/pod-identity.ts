/** Which Pod something belongs to; kept in labels. */
export interface PodIdentity {
  uid: string
  namespace: string
  name: string
}
