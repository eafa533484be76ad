// Why this exists: one corpus of texts that a stranger can put into names, descriptions and
// commits; every medium must show them without obeying them.

/** A hostile text and what it tries. */
export const HOSTILE: readonly {readonly text: string; readonly tries: string}[] = [
  {text: '<script>alert(1)</script>', tries: 'to run a script'},
  {text: '"><img src=x onerror=alert(1)>', tries: 'to leave an attribute'},
  {text: "' onmouseover='alert(1)", tries: 'to add an attribute'},
  {text: '</style></script><svg/onload=alert(1)>', tries: 'to close an element'},
  {text: '<!-- --><base href="//evil.example/">', tries: 'to move all links'},
  {text: '\u001b[2J\u001b[31mowned', tries: 'to clear and colour the terminal'},
  {text: '\u009b31mowned', tries: 'to colour by an 8-bit control'},
  {text: '\u001b]0;title\u0007', tries: 'to set the window title'},
  {text: 'safe\rforged line', tries: 'to overwrite the line'},
  {text: 'one\n{"level":"error","message":"forged"}', tries: 'to forge a log line'},
  {text: 'one\npvegit_forged{a="b"} 1', tries: 'to forge a metric'},
  {text: 'a"} 1\npvegit_forged 1', tries: 'to leave a label'},
  {text: '\u202egpj.exe', tries: 'to reverse the reading direction'},
  {text: '\u2066hidden\u2069', tries: 'to isolate a direction'},
  {text: 'zero\u200bwidth\ufeff', tries: 'to hide characters'},
  {text: 'line\u2028separator\u2029', tries: 'to break a script'},
  {text: 'nul\u0000byte\u0008\u007f', tries: 'to end or erase a text'},
  {text: '\ud800 alone', tries: 'to break the encoding'},
  {text: '{{7*7}} ${7*7} `id` $(id)', tries: 'to be taken for a template or command'},
  {text: '&lt;b&gt; &amp;', tries: 'to be unescaped once too often'},
  {text: 'javascript:alert(1)', tries: 'to be taken for a link'},
  {text: '@everyone [x](https://evil.example) ![](//evil.example)', tries: 'to be Markdown'},
];
