unit helper;
interface
function Greet(name: string): string;
implementation
function Greet(name: string): string;
begin
  Greet := 'Hello, ' + name;
end;
end.
