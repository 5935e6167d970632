/** A device of the machine that containers may ask for, one each, by the name of an extended resource. */
export interface Device {
  /** Such as `example.com/dongle`. */
  resource: string
  /** Of the machine, such as `/dev/ttyUSB0`. */
  hostPath: string
  /** Where a container finds it. */
  containerPath: string
  /** Some of `rwm`: read, write, make nodes. */
  permissions: string
}
