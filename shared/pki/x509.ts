// @peculiar/x509 needs the polyfill before it is loaded, hence this order and this one place of import.
import 'reflect-metadata'

export * from '@peculiar/x509'
