/** Random numbers by concern: one stream for each, made on first use, so that whoever asks later goes on where others left off. */
import type { Network, RandomStream } from "../network/api/network";

const streams = new WeakMap<Network, Map<string, RandomStream>>();

export function streamOf(network: Network, concern: string): RandomStream {
  let own = streams.get(network);
  if (!own) streams.set(network, (own = new Map<string, RandomStream>()));
  let stream = own.get(concern);
  if (!stream) own.set(concern, (stream = network.random(concern)));
  return stream;
}
