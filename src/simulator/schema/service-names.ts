// Why this exists: a firewall rule may name a port as the node's list of services does; any other
// name is refused (PVE::Firewall, get_etc_services; names of Debian 12's netbase).

const text = `
  acr-nema afpovertcp afs3-bos afs3-callback afs3-fileserver afs3-kaserver afs3-prserver
  afs3-rmtsys afs3-update afs3-vlserver afs3-volser amanda amandaidx amidxtape amqp amqps asf-
  rmcp asp auth babel bacula-dir bacula-fd bacula-sd bbs bgp bgpd biff binkp bootpc bootps canna
  cfengine chargen cisco-sccp clc-build-daemon clearcase cmip-agent cmip-man codaauth2 codasrv
  codasrv-se csync2 cvspserver daap datametrics daytime db-lsp dcap dhcpv6-client dhcpv6-server
  dicom dict dircproxy discard distcc domain domain-s echo epmap epmd exec f5-globalsite
  f5-iquery fax fido finger font-service freeciv fsp ftp ftp-data ftps ftps-data gdomap gds-db
  git gnunet gnutella-rtr gnutella-svc gopher gpsd gris groupwise gsidcap gsiftp gsigatekeeper
  hkp http http-alt https hylafax iax icpv2 imap2 imaps ingreslock ipp iprop ipsec-nat-t ipx
  ircd ircs-u isakmp iscsi-target isisd isns iso-tsap kamanda kerberos kerberos-adm kerberos-
  master kerberos4 kermit klogin kpasswd krb-prop kshell l2f ldap ldaps ldp login lotusnote
  mailq mdns microsoft-ds moira-db moira-update moira-ureg mon ms-sql-m ms-sql-s ms-wbt-server
  mtn munin mysql mysql-proxy nbd netbios-dgm netbios-ns netbios-ssn netstat nfs nntp nntps nqs
  nrpe nsca ntalk ntp ntske nut omniorb openvpn ospf6d ospfapi ospfd passwd-server pawserv pop3
  pop3s poppassd postgresql predict printer proofd ptp-event ptp-general puppet qmqp qmtp qotd
  radius radius-acct radmin-port redis remctl ripd ripngd rmiregistry rmtcfg rootd route
  rpc2portmap rplay rsync rtcm-sc104 rtsp sa-msg-port saft sane-port sge-execd sge-qmaster sgi-
  cad sgi-cmsd sgi-crsd sgi-gcd shell sieve silc sip sip-tls skkserv smtp smux snmp snmp-trap
  snpp socks spamd ssh submission submissions sunrpc supfiledbg supfilesrv suucp svn svrloc
  syslog syslog-tls sysrqd systat tacacs talk tcpmux telnet telnets tfido tftp time tinc tproxy
  uucp venus venus-se webmin who whois wnn6 x11 x11-1 x11-2 x11-3 x11-4 x11-5 x11-6 x11-7 xdmcp
  xinetd xmms2 xmpp-client xmpp-server xtel xtelw z3950 zabbix-agent zabbix-trapper zebra
  zebrasrv zephyr-clt zephyr-hm zephyr-srv zope zope-ftp zserv
`;

/** The services that a node knows, by their first names. */
export const serviceNames: ReadonlySet<string> = new Set(text.trim().split(/\s+/));
