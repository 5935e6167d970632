/** A link address such as `02:42:0a:2a:00:04`, as the kernel has it. */
export function macBytes(mac: string): Buffer {
  return Buffer.from(mac.replaceAll(':', ''), 'hex')
}

export function macText(bytes: Buffer): string {
  return (bytes.toString('hex').match(/../g) ?? []).join(':')
}
