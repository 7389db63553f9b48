/** A bare Fastify with one route that answers the same bytes every time. Prints its port. */
import fastify from "fastify";

const [body = ""] = process.argv.slice(2);
const app = fastify();
app.get("/", (_, reply) => reply.type("application/json; charset=utf-8").send(body));
await app.listen({ host: "127.0.0.1", port: 0 });
const address = app.server.address();
console.log(typeof address === "object" ? address?.port : address);
