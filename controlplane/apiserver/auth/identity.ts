/** Who makes a request. */
export interface Identity {
  /** Such as `admin` or `system:node:n1`. */
  readonly name: string
  readonly groups: readonly string[]
  /** SHA-256 of the client certificate in lower-case hex, where one proved the identity. */
  readonly certificateFingerprint?: string
}

/** What a request brings to prove who makes it. */
export interface Credentials {
  /** DER of the client's certificate; only where TLS has verified its chain against our CA and its dates. */
  readonly certificate?: Uint8Array
  /** The Authorization header, as sent. */
  readonly authorization?: string
}

export interface Authenticator {
  /** Undefined where the credentials prove nothing: the request then gets 401. */
  authenticate(credentials: Credentials): Promise<Identity | undefined> | Identity | undefined
}

export type Verb =
  | 'get'
  | 'list'
  | 'watch'
  | 'create'
  | 'update'
  | 'patch'
  | 'delete'
  | 'deletecollection'
  /** Requests outside the resources are known by their HTTP method in lower case: `get`, `post` ... */
  | 'post'
  | 'put'
  | 'head'
  | 'options'

/** What a request wants to do, in Kubernetes' terms. */
export type Attributes = ResourceAttributes | NonResourceAttributes

export interface ResourceAttributes {
  readonly verb: Verb
  /** Empty for the core group. */
  readonly group: string
  readonly version: string
  /** The plural: `pods`. */
  readonly resource: string
  /** Empty for the object itself; else `status`, `log`, `binding` ... */
  readonly subresource: string
  /** Absent for kinds without namespaces, and for a list over all namespaces. */
  readonly namespace?: string
  /** Absent for list, watch, create and deletecollection of a whole resource. */
  readonly name?: string
  /** As sent, for list, watch and deletecollection. */
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** What a create or update sends, decoded; what a patch would make, before it is written. Untrusted. */
  readonly object?: Readonly<Record<string, unknown>>
  /** The object as it stands, where `object` would replace it. */
  readonly current?: Readonly<Record<string, unknown>>
}

export interface NonResourceAttributes {
  /** The request's method in lower case. */
  readonly verb: string
  /** Such as `/healthz`. */
  readonly nonResourcePath: string
}

export type Decision = { readonly allowed: true } | { readonly allowed: false; readonly reason: string }

export interface Authorizer {
  /**
   * Asked once before the request's body is read, with neither `object` nor `current`; asked again with `object`
   * before a create, update or patch is written, so that rules may look into what is written. For an update or
   * patch `current` comes along, and the question is repeated for every retry.
   * `reason` ends the message of the 403 and may be empty.
   */
  authorize(identity: Identity, attributes: Attributes): Promise<Decision> | Decision
}
