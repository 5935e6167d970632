/** An IPv4 address as the kernel has it. */
export function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number))
}

export function ipv4Text(bytes: Uint8Array): string {
  return [...bytes.subarray(0, 4)].join('.')
}
