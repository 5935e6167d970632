/** Where a machine asks to become a node: `Authorization: Bearer <secret of its token>`. */
export const JOIN_PATH = '/kubette/v1/join'
/** Where a node asks for its next certificate, with its client certificate. */
export const RENEW_PATH = '/kubette/v1/renew'
/** Where a node opens its WebSocket, with its client certificate. */
export const AGENT_PATH = '/kubette/v1/agent'

/** A longer body, of request or answer, is refused. */
export const MAX_JOIN_BODY_BYTES = 64 * 1024

export interface JoinRequest {
  nodeName: string
  /** A PKCS #10 request in PEM for `O=system:nodes, CN=system:node:<nodeName>`. */
  csr: string
}

/** The answer to both. A refusal is a Kubernetes Status. */
export interface JoinResponse {
  /** PEM */
  certificate: string
  /** PEM */
  ca: string
  clusterId: string
  nodeName: string
}
