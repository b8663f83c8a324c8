/** Where programs of a guest find the way out, on its own loopback: the usual port of proxies. */
export const EGRESS_PORT = 3128;
