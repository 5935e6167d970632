import { isApiError } from '../../../shared/api/api-error.ts'
import { STORAGE_CLASSES, type StorageClass } from '../../../shared/api/kinds.ts'
import { DEFAULT_CLASS_ANNOTATION, LOCAL_PROVISIONER } from '../../../shared/storage/local-volumes.ts'
import type { Registry } from '../registry.ts'

/** Creates the class `local`, the default one, where it is missing. */
export async function bootstrapStorageClass(registry: Registry): Promise<void> {
  const local: StorageClass = {
    metadata: { name: 'local', annotations: { [DEFAULT_CLASS_ANNOTATION]: 'true' } },
    provisioner: LOCAL_PROVISIONER,
    volumeBindingMode: 'WaitForFirstConsumer',
  }
  try {
    await registry.create(STORAGE_CLASSES, local, {})
  } catch (error) {
    if (!isApiError(error, 'AlreadyExists')) throw error
  }
}
