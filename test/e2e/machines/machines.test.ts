// One file, since there is one lab: what uses it runs one after the other.
import './basics.ts'
import './faults.ts'
import './network.ts'
