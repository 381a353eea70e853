"""What proves who the API server is, and who we are. Keys never get a name on any disk."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from clearway.kube.errors import ConfigUnusable


@dataclass(frozen=True)
class TlsMaterial:
    """In PEM; empty where there is none."""

    file: str
    """The kubeconfig, for messages."""
    authority: bytes = b""
    certificate: bytes = b""
    key: bytes = b""
    verifies: bool = True

    def context(self) -> ssl.SSLContext:
        """Raises ConfigUnusable."""
        context = self._verifying()
        if self.certificate:
            try:
                with _unnamed(self.certificate) as certificate, _unnamed(self.key) as key:
                    context.load_cert_chain(certificate, key, password=_no_password)
            except (ssl.SSLError, ValueError):
                raise ConfigUnusable("kube.client-certificate", file=self.file) from None
        return context

    def _verifying(self) -> ssl.SSLContext:
        try:
            text = self.authority.decode("ascii", "ignore") or None
            context = ssl.create_default_context(cadata=text)
        except (ssl.SSLError, ValueError):
            raise ConfigUnusable("kube.authority", file=self.file) from None
        # As Go: authorities that clusters make for themselves often lack extensions that the strict check wants.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if not self.verifies:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


@contextmanager
def _unnamed(content: bytes) -> Iterator[str]:
    """A path that leads to the content for as long as the context lasts: OpenSSL reads keys from files only."""
    with (
        tempfile.TemporaryFile()
        if not hasattr(os, "memfd_create")
        else os.fdopen(os.memfd_create("pem"), "w+b") as file
    ):
        file.write(content)
        file.flush()
        yield f"/dev/fd/{file.fileno()}"


def _no_password() -> str:
    """Without it OpenSSL would ask on the terminal for the password of a key."""
    return ""
