// Every example of the HostedService spec and of the collection article, letter by letter.
import { describe, expect, test } from 'vitest';
import { serviceDocument } from '../../../../src/edge/command-center/documents.ts';
import { readJson } from '../../../../src/edge/json/read.ts';
import { unread } from '../../../../src/edge/json/unread.ts';
import { z } from '../../../../src/shared/schema.ts';

const BACKEND_1 = `{
  "backend": {
    "target": {
      "name": "{{ .Name }}-internal.{{ .Domain }}",
      "port": "8080",
      "tls": true,
      "tls_insecure": false,
      "client_certificate": true
    },
    "dns_overrides": {
      "jira-internal.foo": "10.0.142.5",
      "gitlab-internal.foo": "10.0.142.6",
      "phase1-test.foo": "10.0.152.27",
      "phase2-test.foo": "10.0.152.38"
    },
    "whitelist": [
      "jira-internal.foo",
      "gitlab-internal.foo",
      "*-test.foo"
    ]
  }
}`;
const BACKEND_2 = `{
  "backend": {
    "dns_overrides": {
      "jira-internal.foo": "10.0.142.5",
      "gitlab-internal.foo": "10.0.142.6",
      "phase1-test.foo": "10.0.152.27",
      "phase2-test.foo": "10.0.152.38"
    },
    "whitelist": [],
    "allow_patterns": [
      {
        "hostnames": [
          "jira-internal.foo",
          "gitlab-internal.foo"
        ],
        "cidrs": [
          "10.0.34.2",
          "34.70.156.134"
        ],
        "ports": {
          "port_list": [
            80,
            5901
          ],
          "port_ranges": [
            {
              "Min": 5905,
              "Max": 5911
            }
          ]
        }
      },
      {
        "hostnames": [
          "*test.foo"
        ],
      }
    ],
    "http_connect": true
  }
}`;
/** A fragment: the article leaves out braces and \`http_connect\`. */
const COLLECTION = `{"backend": {
  "target": {},
  "dns_overrides": {
    "vnc1.com": "myvncservice.com"
  },
  "allow_patterns": [
    {
      "hostnames": [
        "vnc1.com"
      ],
      "cidrs": [
        "10.10.34.0/24"
      ],      
      "ports": {
        "port_ranges": [
          {
            "Min": 5901,
            "Max": 5999
          }
        ]
      }
    }
  ]
}}`;
const pattern = (
  origins: string,
  target: string,
  more = '',
  methods = '"GET", "POST", "OPTIONS"',
) => `{
    "exempted_paths": {
    "enabled": true,
    "paths": [ ],
    "patterns": [
        {
            ${more}"hosts": [
              {
                "origin_header": [${origins}],
                "target": [${target}]
              }
            ],
            "methods": [
                ${methods}
            ],
            "mandatory_headers": [
                ${methods === '"*"' ? '"*"' : '"origin"'}
            ],
            "paths": [
                ${methods === '"*"' ? '"/*"' : '"/index.html"'}
            ]
        }
      ]
    }
}`;
const DOMAIN_A = '"https://www.domain-a.com:443"';
const HTTP_SETTINGS: [string, string][] = [
  ['single domain', pattern(DOMAIN_A, '"*"')],
  [
    'several domains',
    pattern(
      '"https://www.app.domain.com:443", "https://www.games.domain.com:443"',
      '"https://www.api.domain.com:443"',
    ),
  ],
  [
    'single domain from a source',
    pattern(DOMAIN_A, '"*"', '"source_cidrs": ["30.0.0.0/24", "10.0.0.5/32"],'),
  ],
  [
    'just a source',
    pattern('"*"', '"*"', '"source_cidrs": ["20.0.0.1", "192.168.1.0/29"],', '"*"'),
  ],
  ['a constant header', '{"headers": {"X-Foo": "bar"}}'],
  [
    'headers by template',
    `{
  "headers": {
    "X-Email": "{{.Email}}",
    "X-Groups": "{{.Groups}}",
    "X-DevicePlatform": "{{.Platform}}",
    "Y-User": "{{.Email.User}}",
    "Y-Domain": "{{.Email.Domain}}",
    "Z-Token": "{{.JWT}}"
  }
}`,
  ],
];

const service = (spec: object, type = 'GENERIC') => ({
  kind: 'BanyanService',
  metadata: {
    name: 'example',
    cluster: 'cluster1',
    tags: { domain: 'jira.foo', service_app_type: type },
  },
  spec,
});
const spec = (text: string): object => {
  const read = readJson(text, z.looseObject({}));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.value;
};

describe('examples of the backend', () => {
  test('the first is stored as it stands, and read whole', () => {
    const document = service(spec(BACKEND_1));
    expect(unread(serviceDocument, document)).toEqual([]);
    const { backend } = serviceDocument.parse(document).spec;
    expect(backend.target).toMatchObject({ port: 8080, tls: true, client_certificate: true });
    expect(backend.whitelist).toHaveLength(3);
  });

  test('the second is no JSON as it stands, which is said with its line; without the comma it is stored', () => {
    expect(readJson(BACKEND_2, z.looseObject({}))).toMatchObject({
      ok: false,
      problems: [{ line: 37, column: 7 }],
    });
    const { backend } = serviceDocument.parse(
      service(spec(BACKEND_2.replace('],\n      }', ']\n      }'))),
    ).spec;
    expect(backend.allow_patterns[0]?.ports.ranges).toEqual([{ min: 5905, max: 5911 }]);
    expect(backend.allow_patterns[1]?.hostnames).toEqual(['*test.foo']);
  });

  test("the collection article's is stored once it says http_connect; without it the reason is told", () => {
    const fragment = spec(COLLECTION) as { backend: object };
    expect(serviceDocument.safeParse(service(fragment)).error?.message).toContain(
      'without http_connect a target with name and port is needed',
    );
    const { backend } = serviceDocument.parse(
      service({ backend: { ...fragment.backend, http_connect: true } }),
    ).spec;
    expect(backend.dns_overrides).toEqual({ 'vnc1.com': 'myvncservice.com' });
    expect(backend.allow_patterns[0]?.ports.ranges).toEqual([{ min: 5901, max: 5999 }]);
  });
});

describe('examples of the HTTP settings', () => {
  test.each(HTTP_SETTINGS)('%s is stored as it stands, and read whole', (_, text) => {
    const backend = { target: { name: '10.1.2.3', port: '80' } };
    const document = service({ backend, http_settings: spec(text) }, 'WEB');
    expect(unread(serviceDocument, document)).toEqual([]);
    const stored = serviceDocument.parse(document).spec.http_settings;
    expect(stored.exemptions.patterns.length + Object.keys(stored.headers).length).toBeGreaterThan(
      0,
    );
  });
});

test('client_cidrs are kept in the form of the spec', () => {
  const given = {
    addresses: [{ cidr: '192.0.2.0/24', ports: '8443' }],
    host_tag_selector: [{ 'com.banyanops.hosttag.site_name': 'at-1' }],
    clusters: ['cluster1'],
  };
  const backend = { target: { name: '10.1.2.3', port: '80' } };
  const stored = serviceDocument.parse(service({ backend, client_cidrs: [given] }));
  expect(stored.spec.client_cidrs).toEqual([given]);
});

describe('what this edge cannot do is refused with the reason', () => {
  const backend = { target: { name: '10.1.2.3', port: '80' } };
  test.each<[string, object, string, string]>([
    [
      'letsencrypt beside files',
      { cert_settings: { letsencrypt: true, ...certificate('/etc/cert.pem').cert_settings } },
      'GENERIC',
      'custom_tls_cert is enabled too',
    ],
    ['a relative file', certificate('cert.pem'), 'GENERIC', 'has to be a whole path'],
    [
      'client_cidrs that are none',
      { client_cidrs: [{ addresses: [{ cidr: '10.0.0.0/33', ports: '80' }] }] },
      'GENERIC',
      '"path":["spec","client_cidrs",0,"addresses",0,"cidr"]',
    ],
    [
      'tls_sni without the domain',
      { attributes: { tls_sni: ['other.foo'] } },
      'GENERIC',
      'does not hold jira.foo',
    ],
    [
      'a web service that asks nobody to sign in',
      { http_settings: { enabled: false } },
      'WEB',
      'people sign in to a WEB service',
    ],
    [
      'an address of another name',
      oidc({ service_domain_name: 'https://wiki.foo' }),
      'WEB',
      'wiki.foo is no name of this service; its names are jira.foo',
    ],
    [
      'a callback elsewhere',
      oidc({ trust_callbacks: { a: 'https://jira.foo/other' } }),
      'WEB',
      'is not https://host[:port]',
    ],
    ['a star alone', { attributes: { tls_sni: ['*.foo'] } }, 'GENERIC', 'is neither a DNS name'],
  ])('%s', (_, more, type, reason) => {
    const result = serviceDocument.safeParse(service({ backend, ...more }, type));
    expect(JSON.stringify(result.error?.issues)).toContain(reason);
  });
});

function certificate(cert_file: string) {
  const custom_tls_cert = { enabled: true, cert_file, key_file: '/etc/key.pem' };
  return { cert_settings: { custom_tls_cert } };
}
function oidc(oidc_settings: object) {
  return { http_settings: { oidc_settings } };
}
