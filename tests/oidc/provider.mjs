// A login provider of somebody else's (oidc-provider) for the tests of the login: `node provider.mjs PORT CLIENT SECRET CALLBACK`.
// Who logs in, and with what, is posted to the interaction; it asks exactly what the library says has to be asked.
import http from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [port, client, secret, callback] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
const MFA = 'https://refeds.org/profile/mfa';

const provider = new Provider(issuer, {
  clients: [{ client_id: client, client_secret: secret, redirect_uris: [callback], response_types: ['code'] }],
  jwks: { keys: [{ ...key, kid: 'one', use: 'sig', alg: 'RS256' }] },
  cookies: { keys: ['of a test'] },
  pkce: { required: () => true },
  acrValues: [MFA],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], acr: null, amr: null, auth_time: null },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@strict.example`, email_verified: id !== 'unchecked', name: id }),
  }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({ clientId: ctx.oidc.client.clientId, accountId: ctx.oidc.session.accountId });
    grant.addOIDCScope('openid email profile');
    await grant.save();
    return grant;
  },
});

const answer = (res, status, body) => {
  res.writeHead(status, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(body));
};

// GET says what is asked, and why; POST `login=…&acr=…` answers it.
async function interaction(req, res) {
  const { prompt, params } = await provider.interactionDetails(req, res);
  if (req.method === 'GET') return answer(res, 200, { prompt: prompt.name, reasons: prompt.reasons, params });
  let body = '';
  for await (const part of req) body += part;
  const given = new URLSearchParams(body);
  const login = { accountId: given.get('login') };
  if (given.get('acr')) login.acr = given.get('acr');
  if (given.get('amr')) login.amr = given.get('amr').split(' ');
  return provider.interactionFinished(req, res, { login }, { mergeWithLastSubmission: false });
}

const handle = provider.callback();
http.createServer((req, res) => {
  if (!req.url.startsWith('/interaction/')) return handle(req, res);
  return interaction(req, res).catch((error) => answer(res, 400, { error: error.message }));
}).listen(Number(port), '127.0.0.1');
