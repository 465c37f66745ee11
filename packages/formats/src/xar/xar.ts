// xar: what its writer and its reader share.

/** `xar!` */
export const xarMagic = 0x78617221
export const xarHeaderBytes = 28
