/** What the baseline uses of the package, which brings no types. */
declare module "pcap-parser" {
  interface Parser {
    on(event: "packet", listener: (packet: { data: Uint8Array }) => void): this;
    on(event: "error", listener: (error: Error) => void): this;
    on(event: "end", listener: () => void): this;
  }
  const pcapParser: { parse(path: string): Parser };
  export default pcapParser;
}
