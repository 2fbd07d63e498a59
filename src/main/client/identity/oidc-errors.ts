// What the OpenID Connect library throws, translated once: into our codes, and sentences for people.
import * as oidc from 'openid-client';
import { AppError } from '../../../shared/errors.ts';
import type { Membership } from '../device/membership.ts';
import { invalidAnswer } from '../organisation/failures.ts';

/** Whom to ask, and how. */
export type Party = Pick<Membership, 'document' | 'connection'>;

/** What a refusal means depends on what was asked for. */
export type Purpose = 'sign-in' | 'renewal' | 'registration';

export async function translated<Result>(
  party: Party,
  work: () => Promise<Result>,
  what: Purpose = 'sign-in',
): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw translate(error, party, what);
  }
}

function translate(error: unknown, { document, connection }: Party, what: Purpose): AppError {
  const ours = causes(error).find((cause) => cause instanceof AppError);
  if (ours) return ours;
  const { host } = new URL(document.issuer);
  if (error instanceof oidc.AuthorizationResponseError || error instanceof oidc.ResponseBodyError) {
    const said = plain(error.error_description);
    switch (error.error) {
      case 'access_denied':
        return new AppError(
          'identity/sign-in-denied',
          `The sign-in was denied on the page of ${host}.`,
          { cause: error },
        );
      case 'expired_token':
        return new AppError(
          'identity/sign-in-timed-out',
          'The code expired before anybody approved it.',
          { cause: error },
        );
      case 'invalid_client':
      case 'unauthorized_client':
        if (document.client_id !== undefined) return notAccepted(host, error, said);
        if (what === 'registration') return notOffered(document.name, error);
        if (error.error === 'unauthorized_client') {
          return new AppError(
            'device/banned',
            `${document.name} does not accept this device for now${said}.`,
            { cause: error },
          );
        }
        return new AppError(
          'device/certificate-refused',
          `${document.name} no longer accepts this device${said}.`,
          { cause: error },
        );
      case 'invalid_grant':
        // Of a code: it was used before, or is not the issuer's.
        if (what !== 'renewal') return notAccepted(host, error, said);
        return new AppError(
          'identity/session-expired',
          `${document.name} has ended this session${said}.`,
          { cause: error },
        );
      case 'server_error':
      case 'temporarily_unavailable':
        return invalidAnswer(host, `it reports a problem of its own${said}`, error);
      default:
        return notAccepted(host, error, said);
    }
  }
  const code = error instanceof oidc.ClientError ? error.code : undefined;
  switch (code) {
    case 'OAUTH_TIMEOUT':
    case 'OAUTH_ABORT':
      return new AppError('organisation/unreachable', `${host} gave no answer in time.`, {
        cause: error,
      });
    case 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED':
      return connection.explainByClock(error) ?? notTrusted(host, error);
    case 'OAUTH_RESPONSE_IS_NOT_CONFORM':
    case 'OAUTH_RESPONSE_IS_NOT_JSON':
    case 'OAUTH_PARSE_ERROR':
      return invalidAnswer(host, 'it is not the answer of a sign-in service', error);
    default:
      return notTrusted(host, error);
  }
}

const notAccepted = (host: string, error: { error: string }, said: string): AppError =>
  new AppError(
    'identity/response-invalid',
    `${host} did not complete the sign-in (${error.error}${said}).`,
    { cause: error },
  );

const notOffered = (organisation: string, cause: unknown): AppError =>
  new AppError(
    'device/sign-in-not-offered',
    `${organisation} does not register devices by signing in.`,
    { cause },
  );

const notTrusted = (host: string, cause: unknown): AppError =>
  new AppError('identity/response-invalid', `The sign-in answer of ${host} failed a check.`, {
    cause,
  });

/** The error and what caused it, outermost first. */
function causes(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let current = error; current instanceof Error && chain.length < 6; current = current.cause) {
    chain.push(current);
  }
  return chain;
}

/** An administrator's reason may be in any language; what steers a terminal or turns the writing around is left out. */
const plain = (description: string | undefined): string => {
  const text = description?.replaceAll(/\p{C}/gu, ' ').slice(0, 200).trim().replace(/\.$/, '');
  return text ? `: ${text}` : '';
};
