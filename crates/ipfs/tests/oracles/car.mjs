// Reads an archive with the npm package @ipld/car, checks the hash of every block, and writes the roots, the number of blocks, and the length
// and the SHA-256 of the file at the end of a path under the root.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { CarReader } from '@ipld/car'
import { sha256 } from 'multiformats/hashes/sha2'
import { exporter } from 'ipfs-unixfs-exporter'

const [path, file] = process.argv.slice(2)
const reader = await CarReader.fromBytes(readFileSync(path))
const blocks = new Map()
for await (const { cid, bytes } of reader.blocks()) {
  const { digest } = await sha256.digest(bytes)
  if (Buffer.compare(digest, cid.multihash.digest) !== 0) throw new Error(`${cid} has other bytes`)
  blocks.set(String(cid), bytes)
}
const blockstore = { async * get (cid) { yield blocks.get(String(cid)) } }
const entry = await exporter(file, blockstore)
const hash = createHash('sha256')
let length = 0
for await (const bytes of entry.content()) { hash.update(bytes); length += bytes.length }
console.log((await reader.getRoots()).join(','), blocks.size, length, hash.digest('hex'))
