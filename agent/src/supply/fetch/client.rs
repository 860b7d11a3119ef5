//! One GET, with all its bounds: times, redirects, the proxy that leads there, certificates.

use super::clock::Clock;
use super::error::GetError;
use super::limits::Limits;
use super::redirect;
use crate::supply::order::Proxies;
use packages::index::{Location, Scheme};
use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::{Response, header};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body, Proxy, ProxyProtocol};

/// The longest header of an answer, in bytes.
const HEADER_MAX: usize = 32 << 10;

/// An HTTP client that keeps no connection and no cookie.
pub(super) struct Client<'a> {
    limits: &'a Limits,
    clock: &'a dyn Clock,
    proxies: &'a Proxies,
    /// The certificates that vouch for servers, as DER. Only asked for when there is a server to vouch for.
    roots: &'a dyn Fn() -> Vec<Vec<u8>>,
    https: OnceCell<Agent>,
    http: OnceCell<Agent>,
}

/// The certificates of this host, those that its operator added included.
pub(super) fn roots_of_host() -> Vec<Vec<u8>> {
    // What can't be read among them vouches for nobody.
    let found = rustls_native_certs::load_native_certs().certs;
    found.iter().map(|root| root.to_vec()).collect()
}

impl<'a> Client<'a> {
    pub(super) fn new(
        limits: &'a Limits,
        clock: &'a dyn Clock,
        proxies: &'a Proxies,
        roots: &'a dyn Fn() -> Vec<Vec<u8>>,
    ) -> Self {
        Self {
            limits,
            clock,
            proxies,
            roots,
            https: OnceCell::new(),
            http: OnceCell::new(),
        }
    }

    /// Asks for what is at `location`, where redirects lead, and returns the first answer that is none. Its body is still
    /// to be read. Nothing is asked any more once it is `end` by the clock.
    pub(super) fn get(
        &self,
        location: &Location,
        headers: &[(header::HeaderName, String)],
        end: Duration,
    ) -> Result<Response<Body>, GetError> {
        let mut path = vec![location.clone()];
        loop {
            if self.clock.now() >= end {
                return Err(GetError::OutOfTime);
            }
            let Some(here) = path.last() else {
                return Err(redirect::RedirectFault::NoTarget.into());
            };
            let mut request = self.agent(here.scheme())?.get(here.to_string());
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let response = request.call()?;
            if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
                return Ok(response);
            }
            let target = response.headers().get(header::LOCATION);
            let target = target.and_then(|target| target.to_str().ok());
            path.push(redirect::next(&path, target, self.limits.redirects)?);
        }
    }

    fn agent(&self, scheme: Scheme) -> Result<&Agent, GetError> {
        let (cell, variable, proxy) = match scheme {
            Scheme::Https => (&self.https, "HTTPS_PROXY", &self.proxies.https),
            _ => (&self.http, "HTTP_PROXY", &self.proxies.http),
        };
        if let Some(agent) = cell.get() {
            return Ok(agent);
        }
        let proxy = proxy.as_deref().map(|url| self.proxy(url));
        let proxy = proxy.transpose().map_err(|_| GetError::Proxy(variable))?;
        // A proxy may be one that is reached by TLS itself.
        let needs_roots = scheme == Scheme::Https
            || proxy.as_ref().map(Proxy::protocol) == Some(ProxyProtocol::Https);
        let roots = if needs_roots {
            (self.roots)()
        } else {
            Vec::new()
        };
        if needs_roots && roots.is_empty() {
            return Err(GetError::NoCertificates);
        }
        Ok(cell.get_or_init(|| self.build(proxy, &roots)))
    }

    fn proxy(&self, url: &str) -> Result<Proxy, ureq::Error> {
        let proxy = Proxy::new(url)?;
        if !matches!(proxy.protocol(), ProxyProtocol::Http | ProxyProtocol::Https) {
            return Err(ureq::Error::InvalidProxyUrl);
        }
        let mut builder = Proxy::builder(proxy.protocol())
            .host(proxy.host())
            .port(proxy.port());
        if let Some(user) = proxy.username() {
            builder = builder.username(user);
        }
        if let Some(password) = proxy.password() {
            builder = builder.password(password);
        }
        // As curl and most others read it: a name stands for the hosts below it as well, with a dot in front or without.
        let direct = self.proxies.none.iter().flat_map(|list| list.split(','));
        for host in direct.map(str::trim).filter(|host| !host.is_empty()) {
            let name = host.trim_start_matches("*.").trim_start_matches('.');
            builder = builder.no_proxy(name).no_proxy(&format!(".{name}"));
        }
        builder.build()
    }

    fn build(&self, proxy: Option<Proxy>, roots: &[Vec<u8>]) -> Agent {
        let limits = self.limits;
        let roots = roots
            .iter()
            .map(|root| Certificate::from_der(root).to_owned());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::from(roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        Agent::config_builder()
            .user_agent(concat!("capsule-agent/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .max_idle_connections(0)
            .max_response_header_size(HEADER_MAX)
            .proxy(proxy)
            .tls_config(tls)
            .timeout_resolve(Some(limits.resolve))
            .timeout_connect(Some(limits.connect))
            .timeout_send_request(Some(limits.connect))
            .timeout_recv_response(Some(limits.response))
            .timeout_per_read(Some(limits.pause))
            .timeout_per_write(Some(limits.pause))
            .build()
            .new_agent()
    }
}
