import { type DemoQueue, QueueSession } from "./queue.ts";

/** On loopback, and no Unix socket: nothing of it can be left on the disk, however pm ends. */
const hostname = "127.0.0.1";

/** Offers the queue to the workers of this machine; the port is chosen by the kernel. */
export function serveQueue(queue: DemoQueue): { readonly port: number; stop(): void } {
  const server = Bun.listen<QueueSession>({
    hostname,
    port: 0,
    socket: {
      open: (socket) => {
        socket.data = new QueueSession(queue, (line) => socket.write(line));
      },
      data: (socket, bytes) => socket.data.hear(String(bytes)),
      close: (socket) => socket.data.leave(),
    },
  });
  return { port: server.port, stop: () => server.stop(true) };
}
